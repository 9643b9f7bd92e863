import { isTag, type KeyHandle } from '@latchkey/core/loaded-key'
import type { RevocationScope } from '@latchkey/core/revocation-scope'
import type { Head, Observation, ServerRow } from '../../src/storage/engine.ts'
import type { LogRow } from '../../src/storage/tables/schema.ts'
import type { Agenda } from './agenda.ts'
import {
  type Contents,
  companyOfScope,
  copyOf,
  emptyContents,
  type ModelKey,
  type Mutation,
} from './model-contents.ts'
import { tagsOf } from './model-secrets.ts'
import { type Ground, Session } from './model-session.ts'
import type { Random } from './random.ts'
import { RowLocks } from './row-locks.ts'
import type { Answer } from './wire.ts'

export type StoreHooks = {
  /** After each commit; `isNoticed`: the servers are told. */
  readonly onCommit: (rows: readonly LogRow[], scopes: readonly RevocationScope[], isNoticed: boolean) => void
  readonly onAccept: () => void
  /** What a barrier is about to read. */
  readonly onSurvey: (seen: Observation) => void
}

/** Nothing in the log is after it. */
const NO_LOG = Number.MAX_SAFE_INTEGER
export const LEASE_MS = 2_000
export const MARGIN_MS = 500

/** A PostgreSQL server, or a file of SQLite, as far as the protocol can tell: snapshots, locks, commits in the order of the head. */
export class ModelStore {
  readonly #agenda: Agenda
  readonly #random: Random
  readonly #hooks: StoreHooks
  readonly #ground: Ground
  #contents = emptyContents()
  #isUp = true
  #stallChance = 0.05
  #starts = 1
  #timeline = 1
  #epochs = 1

  constructor(agenda: Agenda, random: Random, hooks: StoreHooks) {
    this.#agenda = agenda
    this.#random = random
    this.#hooks = hooks
    this.#ground = {
      agenda,
      locks: new RowLocks(),
      sessions: new Set(),
      head: () => this.head,
      find: (id) => this.#contents.keys.get(id),
      fsyncMs: () => this.#fsyncMs(),
      isKept: () => random.chance(0.5),
      apply: (mutations, scopes, isNoticed) => this.#apply(mutations, scopes, isNoticed),
    }
  }

  get isUp(): boolean {
    return this.#isUp
  }

  /** How often it was started; connections do not outlive a start. */
  get starts(): number {
    return this.#starts
  }

  get contents(): Contents {
    return this.#contents
  }

  get head(): Head {
    const { revision, epoch, timeline } = this.#contents
    return { revision, epoch, isAccepted: timeline === this.#timeline }
  }

  observe(revision: number): Observation {
    return {
      ...this.head,
      rows: this.#contents.log.filter((row) => row.revision > revision),
      servers: [...this.#contents.servers.values()],
      leaseMs: LEASE_MS,
      marginMs: MARGIN_MS,
    }
  }

  survey(): Observation {
    const seen = this.observe(NO_LOG)
    this.#hooks.onSurvey(seen)
    return seen
  }

  /** Durable, and seen by others, when it is answered. Where a row is new, that takes long more often. */
  announce(row: ServerRow, answer: Answer<undefined>): void {
    const then = this.#starts
    const isNew = !this.#contents.servers.has(row.id)
    const isStalled = isNew && this.#random.chance(0.3) && this.#stallChance > 0
    this.#agenda.quietly(isStalled ? this.#random.between(50, 450) : this.#fsyncMs(), () => {
      const isLost = !this.#isUp || this.#starts !== then
      if (!isLost) this.#contents.servers.set(row.id, row)
      answer(isLost ? new Error('connection terminated') : undefined)
    })
  }

  forget(id: string, beat?: string): void {
    const { servers } = this.#contents
    if (beat === undefined || servers.get(id)?.beat === beat) servers.delete(id)
  }

  distrust(epoch: string): void {
    if (this.#contents.epoch === epoch) this.#contents.timeline = 0
  }

  find(handle: KeyHandle): ModelKey | undefined {
    for (const key of this.#contents.keys.values()) {
      if (key.id === handle || (isTag(handle) && tagsOf(key).includes(handle))) return key
    }
    return undefined
  }

  openSession(isForsaken = () => true): Session {
    return new Session(this.#ground, isForsaken)
  }

  stop(): void {
    this.#isUp = false
    this.#loseSessions()
  }

  start(): void {
    this.#isUp = true
    this.#starts += 1
  }

  backUp(): Contents {
    return copyOf(this.#contents)
  }

  /**
   * Puts a backup in its place: on a timeline of its own, as a proper restore makes it, or by copying files
   * under it, which only a head that went back tells. Nothing may be used until it is accepted.
   */
  restore(backup: Contents, how: 'proper' | 'copied'): void {
    this.#loseSessions()
    this.#contents = copyOf(backup)
    if (how === 'proper') this.#timeline += 1
    this.#starts += 1
  }

  accept(): void {
    this.#epochs += 1
    const { servers, revision } = this.#contents
    Object.assign(this.#contents, {
      revision: revision + 1,
      epoch: `epoch-${this.#epochs}`,
      timeline: this.#timeline,
      log: [],
    })
    servers.clear()
    this.#hooks.onAccept()
  }

  /** Old rows of the log go, up to a few of the last. */
  trimLog(): void {
    this.#contents.log = this.#contents.log.slice(-this.#random.below(3))
  }

  /** Whether commits often take long. */
  setDisk(speed: 'fast' | 'slow' | 'steady'): void {
    this.#stallChance = { fast: 0.05, slow: 0.4, steady: 0 }[speed]
  }

  #loseSessions(): void {
    const { sessions, locks } = this.#ground
    const lost = [...sessions]
    sessions.clear()
    locks.clear()
    for (const session of lost) session.lose()
  }

  #fsyncMs(): number {
    const isStalled = this.#random.chance(this.#stallChance)
    return isStalled ? this.#random.between(5, 450) : this.#random.between(0.1, 3)
  }

  #apply(mutations: readonly Mutation[], scopes: readonly RevocationScope[], isNoticed: boolean): number {
    for (const mutate of mutations) mutate(this.#contents)
    const rows = scopes.map(({ scope, id }, index) => ({
      revision: this.#contents.revision + 1 + index,
      scope,
      object_id: id,
      company_id: companyOfScope(this.#contents, scope, id),
    }))
    this.#contents.revision += rows.length
    this.#contents.log.push(...rows)
    this.#hooks.onCommit(rows, scopes, isNoticed)
    return this.#contents.revision
  }
}
