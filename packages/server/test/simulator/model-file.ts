import type { RevocationScope } from '@latchkey/core/revocation-scope'
import type { Timing } from '@latchkey/core/timing'
import {
  type AskedChanges,
  type FollowedChanges,
  type Head,
  type Observation,
  ownerOf,
  type Revoked,
  type Written,
} from '../../src/storage/engine.ts'
import type { Mutation } from './model-contents.ts'
import { findRecord, type ModelDb, type ModelEngine, type ModelOptions } from './model-engine.ts'
import type { Answer } from './wire.ts'

/** As the real store's: see sqlite/writer.ts and sqlite/lease.ts. */
const BUSY_MS_MAX = 5_000
const LOOK_MS = 10
const SETTLE_MS = 20

type Options = Omit<ModelOptions, 'expect'> & {
  readonly monotonicMs: Timing['monotonicMs']
  readonly isAlive: () => boolean
}

/**
 * The store as a file of several processes on one machine, as the real engine uses it: one writes at a time, and the head
 * is looked at for each verification. What takes a while is what a disk, or a process that stands still, makes long.
 */
export function createModelFile(options: Options): ModelEngine {
  const { store } = options
  const { end, ...looks } = createLooks(options)
  return {
    verification: { findKey: (handle) => findRecord(store, handle) },
    changes: {
      kind: 'asked',
      ...looks,
      settleMs: SETTLE_MS,
      followed: createFollowed(options),
      isAccepted: () => store.head.isAccepted,
    },
    async write<T>(work: Parameters<ModelEngine['write']>[0]) {
      const written = await write<T>(options, work)
      end()
      return written
    },
  }
}

/** A look is believed for a while, where all who serve from the file have said that they do so. */
function createLooks({
  store,
  monotonicMs,
}: Options): Pick<AskedChanges, 'changesSince' | 'claim'> & { end(): void } {
  let isClaimed = false
  let seen: { readonly revision: number; readonly atMs: number } | undefined
  const isBelieved = (atMs: number) => isClaimed && monotonicMs() - atMs <= LOOK_MS
  return {
    changesSince(revision) {
      if (seen?.revision === revision && isBelieved(seen.atMs)) return undefined
      if (!store.head.isAccepted) throw new Error('the store is not accepted')
      seen = { revision: store.head.revision, atMs: monotonicMs() }
      return seen.revision === revision ? undefined : store.observe(revision)
    },
    claim() {
      isClaimed = true
    },
    end() {
      seen = undefined
    },
  }
}

function createFollowed(options: Options): FollowedChanges {
  const { store, wire, isAlive, onWake, onAnnounce, onObserve, onSurvey } = options
  const writer = wire.open()
  const look = <T>(read: () => T) =>
    wire.ask<T>(wire.open(), BUSY_MS_MAX, (answer) => answer(undefined, read()))

  /** All that a process has to write by then goes into one transaction. */
  const waiting: { readonly mutate: Mutation; readonly answer: Answer<undefined> }[] = []

  function commitTogether(): void {
    const session = store.openSession(() => !isAlive())
    session.beginAlone((_, head) => {
      const batch = waiting.splice(0)
      for (const { mutate } of batch) session.change(mutate, () => {})
      session.commit([], head!.epoch, (error) => {
        for (const { answer } of batch) answer(error)
      })
    })
  }

  async function transact(mutate: Mutation): Promise<void> {
    await wire.ask<undefined>(writer, BUSY_MS_MAX, (answer) => {
      waiting.push({ mutate, answer })
      if (waiting.length === 1) commitTogether()
    })
  }

  return {
    kind: 'followed',
    announce(row) {
      onAnnounce(row)
      return transact(({ servers }) => void servers.set(row.id, row))
    },
    async observe(revision) {
      const seen = await look<Observation>(() => store.observe(revision))
      onObserve(seen)
      return seen
    },
    async survey() {
      const onAnswer = onSurvey()
      const asked = look<Observation>(() => store.survey())
      asked.then(
        () => onAnswer(true),
        () => onAnswer(false),
      )
      return asked
    },
    reset: () => {},
    forget: (id, beat) =>
      transact(({ servers }) => {
        if (servers.get(id)?.beat === beat) servers.delete(id)
      }),
    withdraw: (id) => transact(({ servers }) => void servers.delete(id)),
    distrust: async () => {},
    onWake,
  }
}

async function write<T>(
  { store, wire, isAlive }: Options,
  work: Parameters<ModelEngine['write']>[0],
): Promise<Written<T>> {
  const changed: RevocationScope[] = []
  const owners: Revoked[] = []
  const line = wire.open()
  const session = store.openSession(() => !isAlive())
  const ask = <A>(statement: (answer: Answer<A>) => void) => wire.ask<A>(line, BUSY_MS_MAX, statement)
  try {
    const { epoch, isAccepted } = await ask<Head>((answer) => session.beginAlone(answer))
    if (!isAccepted) throw new Error('the store is not accepted')
    // Nothing takes a while when the file is one's own.
    const db: ModelDb = {
      lockCompany: async () => undefined,
      findKey: async (id) => store.contents.keys.get(id),
      findVerifiable: async (id) => findRecord(store, id),
      change: (mutate) => at((answer) => session.change(mutate, answer)),
    }
    const value = (await work(db, (scope, companyId) => {
      changed.push(scope)
      owners.push({ ...scope, companyId })
    })) as T
    const moved = await ask<Moved | undefined>((answer) => {
      const isFollowed = store.contents.servers.size > 0
      session.commit(changed, epoch, (error, revision) =>
        answer(error, revision === undefined ? undefined : { revision, isFollowed }),
      )
    })
    const revocation = moved === undefined ? undefined : { ...moved, epoch, companyId: ownerOf(owners) }
    return { value, revocation }
  } catch (error) {
    wire.tell(line, () => session.abort())
    throw error
  }
}

type Moved = { readonly revision: number; readonly isFollowed: boolean }

/** An answer that comes at once. */
const at = <T>(statement: (answer: Answer<T>) => void): Promise<T> =>
  new Promise((resolve, reject) =>
    statement((error, value) => (error === undefined ? resolve(value!) : reject(error))),
  )
