import type { FollowedChanges, Observation, ServerRow } from '../../src/storage/engine.ts'
import type { LogRow } from '../../src/storage/tables/schema.ts'

export const LEASE_MS = 2_000
export const MARGIN_MS = 500

type Question = 'announce' | 'observe' | 'survey' | 'forget' | 'withdraw' | 'distrust'

/** The head, the log and the servers of a store that is a network away, as one process asks it. */
export type FakeStore = {
  readonly followed: FollowedChanges
  readonly head: { revision: number; epoch: string; isAccepted: boolean }
  readonly log: LogRow[]
  readonly servers: Map<string, ServerRow>
  /** What was asked, in order. */
  readonly asked: string[]
  /** The answers to this question are held back until they are let go. What was asked before does not count. */
  hold(question: Question): Held
  wake(): void
}

type Held = { letGo(error?: Error): void }

export function createFakeStore(): FakeStore {
  const head = { revision: 1, epoch: 'one', isAccepted: true }
  const log: LogRow[] = []
  const servers = new Map<string, ServerRow>()
  const asked: string[] = []
  const held = new Map<Question, Promise<void>>()
  let wake = () => {}

  async function ask(question: Question, about = ''): Promise<void> {
    asked.push(about === '' ? question : `${question} ${about}`)
    await held.get(question)
  }

  const followed = createFollowed(ask, servers, (after) => ({
    ...head,
    rows: log.filter(({ revision }) => revision > after),
    servers: [...servers.values()],
    leaseMs: LEASE_MS,
    marginMs: MARGIN_MS,
  }))
  return {
    head,
    log,
    servers,
    asked,
    hold(question) {
      const gate = Promise.withResolvers<void>()
      held.set(question, gate.promise)
      return {
        letGo(error) {
          held.delete(question)
          if (error === undefined) gate.resolve()
          else gate.reject(error)
        },
      }
    },
    wake: () => wake(),
    followed: {
      ...followed,
      reset: () => void asked.push('reset'),
      onWake(given) {
        wake = given
      },
    },
  }
}

/** What is asked. The head and the servers are seen when the question comes, the answer may be held back. */
function createFollowed(
  ask: (question: Question, about?: string) => Promise<void>,
  servers: Map<string, ServerRow>,
  observation: (after: number) => Observation,
): Omit<FollowedChanges, 'reset' | 'onWake'> {
  return {
    kind: 'followed',
    async announce(row) {
      await ask('announce')
      servers.set(row.id, row)
    },
    async observe(revision) {
      const seen = observation(revision)
      await ask('observe', String(revision))
      return seen
    },
    async survey() {
      const seen = observation(Number.POSITIVE_INFINITY)
      await ask('survey')
      return seen
    },
    async forget(id, beat) {
      await ask('forget', `${id} ${beat}`)
      if (servers.get(id)?.beat === beat) servers.delete(id)
    },
    async withdraw(id) {
      await ask('withdraw', id)
      servers.delete(id)
    },
    distrust: (epoch) => ask('distrust', epoch),
  }
}
