import { AppError } from '@latchkey/core/error'
import { createFairQueue, type Turn } from '@latchkey/core/fair-queue'

/** A connection is waited for as long as a row is. */
const WAIT_MS_MAX = 5_000
/** About 1 KB each: 5 MB at worst. */
const WAITING_MAX = 5_000
const WAITING_OF_PARTY_MAX = 1_000
/**
 * Writes of one company at the database at once. They queue up behind its row in any case: the second has begun when
 * the first commits, and a third would only hold a connection.
 */
const WRITES_OF_PARTY_MAX = 2

type Kind = 'read' | 'write'
type Place = 'general' | 'reserve'
/** What is asked of the database for a company. */
type Use = { readonly company: string; readonly kind: Kind; readonly isUrgent: boolean }
type Waiting = { readonly use: Use; admit(leave: () => void): void }

/** Who may have one of the connections for lists and writes. */
export type PostgresLine = {
  /**
   * Runs `work` when it is its turn. No company has all connections, and some are kept for what is urgent. Throws
   * AppError `unavailable` when too many wait, or it takes too long.
   */
  through<T>(turn: Turn, kind: Kind, work: () => Promise<T>): Promise<T>
}

export type LineLimits = {
  /** Connections that only urgent ones may have. */
  readonly reserve: number
  /** Of the rest, those that one company may have. */
  readonly ofParty: number
  readonly writesOfParty: number
}

/** With ten connections: two in reserve, four for one company, two of these for its writes. */
export function limitsOf(connectionsMax: number): LineLimits {
  const reserve = connectionsMax < 4 ? 0 : Math.max(1, Math.floor(connectionsMax / 5))
  const general = connectionsMax - reserve
  const ofParty = Math.max(1, Math.min(general - 1, Math.ceil(general / 2)))
  return { reserve, ofParty, writesOfParty: Math.min(WRITES_OF_PARTY_MAX, ofParty) }
}

export function createPostgresLine(connectionsMax: number): PostgresLine {
  const places = createPlaces(connectionsMax)
  const queue = createFairQueue<Waiting>({
    waitingMax: WAITING_MAX,
    waitingOfPartyMax: WAITING_OF_PARTY_MAX,
  })

  function admitAll(): void {
    const mayCome = ({ use }: Waiting) => places.find(use) !== undefined
    for (let next = queue.take(mayCome); next !== undefined; next = queue.take(mayCome)) {
      const leave = places.occupy(next.use)
      next.admit(() => {
        leave()
        admitAll()
      })
    }
  }

  async function enter(use: Use): Promise<() => void> {
    // Reads and writes of a company are parties of their own: lists go on while its row is waited for.
    const turn = { party: `${use.kind} ${use.company}`, isUrgent: use.isUrgent }
    const { promise, resolve, reject } = Promise.withResolvers<() => void>()
    const waiting: Waiting = { use, admit: resolve }
    if (!queue.push(turn, waiting)) throw unavailable('Too many requests wait for the database')
    admitAll()
    const timer = setTimeout(() => {
      queue.drop(turn, waiting)
      reject(unavailable('No connection to the database was free in time'))
    }, WAIT_MS_MAX)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    async through({ party, isUrgent = false }, kind, work) {
      const leave = await enter({ company: party, kind, isUrgent })
      try {
        return await work()
      } finally {
        leave()
      }
    },
  }
}

function createPlaces(connectionsMax: number) {
  const limits = limitsOf(connectionsMax)
  const free: Record<Place, number> = {
    general: connectionsMax - limits.reserve,
    reserve: limits.reserve,
  }
  const taken = new Map<string, number>()
  const count = (name: string) => taken.get(name) ?? 0
  const add = (name: string, change: 1 | -1) => {
    const sum = count(name) + change
    if (sum === 0) taken.delete(name)
    else taken.set(name, sum)
  }
  const namesOf = (place: Place, { company, kind }: Use) => [
    `${place} of ${company}`,
    `${place} ${kind} of ${company}`,
  ]

  /** undefined: none that this one may have is free. One company's revocations do not take the whole reserve. */
  function find(use: Use): Place | undefined {
    const [all, ofKind] = namesOf('general', use).map(count) as [number, number]
    const hasRoom = all < limits.ofParty && (use.kind === 'read' || ofKind < limits.writesOfParty)
    if (hasRoom && free.general > 0) return 'general'
    const isKept = use.isUrgent && free.reserve > 0 && count(`reserve of ${use.company}`) === 0
    return isKept ? 'reserve' : undefined
  }

  return {
    find,
    /** Only after `find` found one. Answers how to give it back. */
    occupy(use: Use): () => void {
      const place = find(use) ?? 'general'
      free[place] -= 1
      for (const name of namesOf(place, use)) add(name, 1)
      return () => {
        free[place] += 1
        for (const name of namesOf(place, use)) add(name, -1)
      }
    },
  }
}

function unavailable(what: string): AppError {
  return new AppError('unavailable', `${what}: try again in a moment.`, { retryAfterSeconds: 1 })
}
