import type { Fingerprint } from '@latchkey/core/fingerprint'
import type { CompanyId, KeyId, UserId } from '@latchkey/core/ids'
import type { KeyHandle, RevocationScope } from '@latchkey/core/key-cache'
import type { Head, Observation, ServerRow } from '../../src/storage/engine.ts'
import type { LogRow } from '../../src/storage/schema.ts'
import type { Agenda } from './agenda.ts'
import { createSessions, type Session } from './model-session.ts'
import type { Random } from './random.ts'
import type { Answer } from './wire.ts'

export type ModelKey = {
  readonly id: KeyId
  readonly companyId: CompanyId
  readonly userId: UserId
  readonly fingerprint: Fingerprint
  readonly status: 'enabled' | 'disabled' | 'deleted'
}
type ModelUser = { readonly companyId: CompanyId; readonly isActive: boolean }

/** What is committed. */
export type Contents = {
  keys: Map<KeyId, ModelKey>
  users: Map<UserId, ModelUser>
  companies: Map<CompanyId, boolean>
  revision: number
  epoch: string
  /** The timeline the head was written in. */
  timeline: number
  log: LogRow[]
  servers: Map<string, ServerRow>
}

/** A change that waits for its commit. */
export type Mutation = (contents: Contents) => void

export type ModelStore = {
  readonly isUp: boolean
  /** How often it was started; connections do not outlive a start. */
  readonly starts: number
  readonly contents: Contents
  readonly head: Head
  observe(revision: number): Observation
  /** Durable, and seen by others, when it is answered. */
  announce(row: ServerRow, answer: Answer<undefined>): void
  forget(id: string, beat?: string): void
  find(handle: KeyHandle): ModelKey | undefined
  openSession(): Session
  stop(): void
  start(): void
  backUp(): Contents
  /**
   * Puts a backup in its place: on a timeline of its own, as a proper restore makes it, or by copying files
   * under it, which only a head that went back tells. Nothing may be used until it is accepted.
   */
  restore(backup: Contents, how: 'proper' | 'copied'): void
  accept(): void
  trimLog(): void
  /** Whether commits often take long. */
  setDisk(speed: 'fast' | 'slow'): void
}

export type StoreHooks = {
  /** After each commit, and after a restored store was accepted. */
  readonly onCommit: (rows: readonly LogRow[], scopes: readonly RevocationScope[], isNoticed: boolean) => void
  readonly onAccept: () => void
}

export const LEASE_MS = 2_000
export const MARGIN_MS = 500

/** A PostgreSQL server as far as the protocol can tell: snapshots, locks, commits in the order of the head. */
export function createModelStore(agenda: Agenda, random: Random, hooks: StoreHooks): ModelStore {
  let contents = emptyContents()
  let isUp = true
  let isDiskSlow = false
  let starts = 1
  let timeline = contents.timeline
  let epochs = 1

  const fsyncMs = (): number => {
    const isStalled = random.chance(isDiskSlow ? 0.4 : 0.05)
    return isStalled ? random.between(5, 450) : random.between(0.1, 3)
  }

  /** Makes a transaction durable: all of it, at one moment. Answers the last revision. */
  function apply(
    mutations: readonly Mutation[],
    scopes: readonly RevocationScope[],
    isNoticed: boolean,
  ): number {
    for (const mutate of mutations) mutate(contents)
    const rows = scopes.map(({ scope, id }, index) => ({
      revision: contents.revision + 1 + index,
      scope,
      object_id: id,
    }))
    contents.revision += rows.length
    contents.log.push(...rows)
    hooks.onCommit(rows, scopes, isNoticed)
    return contents.revision
  }

  const head = (): Head => ({
    revision: contents.revision,
    epoch: contents.epoch,
    isAccepted: contents.timeline === timeline,
  })
  const sessions = createSessions(agenda, random, {
    head,
    apply,
    find: (id) => contents.keys.get(id),
    fsyncMs,
  })

  return {
    get isUp() {
      return isUp
    },
    get starts() {
      return starts
    },
    get contents() {
      return contents
    },
    get head() {
      return head()
    },
    observe: (revision) => ({
      ...head(),
      rows: contents.log.filter((row) => row.revision > revision),
      servers: [...contents.servers.values()],
      leaseMs: LEASE_MS,
      marginMs: MARGIN_MS,
    }),
    announce(row, answer) {
      const then = starts
      agenda.quietly(fsyncMs(), () => {
        if (!isUp || starts !== then) return answer(new Error('connection terminated'))
        contents.servers.set(row.id, row)
        answer(undefined)
      })
    },
    forget(id, beat) {
      if (beat === undefined || contents.servers.get(id)?.beat === beat) contents.servers.delete(id)
    },
    find(handle) {
      for (const key of contents.keys.values())
        if (key.id === handle || key.fingerprint === handle) return key
      return undefined
    },
    openSession: sessions.open,
    stop() {
      isUp = false
      sessions.endAll()
    },
    start() {
      isUp = true
      starts += 1
    },
    backUp: () => copyOf(contents),
    restore(backup, how) {
      sessions.endAll()
      contents = copyOf(backup)
      if (how === 'proper') timeline += 1
      starts += 1
    },
    accept() {
      epochs += 1
      Object.assign(contents, {
        revision: contents.revision + 1,
        epoch: `epoch-${epochs}`,
        timeline,
        log: [],
      })
      contents.servers.clear()
      hooks.onAccept()
    },
    setDisk(speed) {
      isDiskSlow = speed === 'slow'
    },
    trimLog() {
      contents.log = contents.log.slice(-random.below(3))
    },
  }
}

function emptyContents(): Contents {
  return {
    keys: new Map(),
    users: new Map(),
    companies: new Map(),
    revision: 1,
    epoch: 'epoch-1',
    timeline: 1,
    log: [],
    servers: new Map(),
  }
}

const copyOf = (contents: Contents): Contents => ({
  ...contents,
  keys: new Map(contents.keys),
  users: new Map(contents.users),
  companies: new Map(contents.companies),
  log: [...contents.log],
  servers: new Map(contents.servers),
})
