import type { Turn } from '@latchkey/core/fair-queue'
import type { CompanyId } from '@latchkey/core/ids'
import type { KeyRecord } from '@latchkey/core/key-record'
import type { KeyHandle } from '@latchkey/core/loaded-key'
import type { MaybePromise } from '@latchkey/core/maybe-promise'
import type { RevocationScope } from '@latchkey/core/revocation-scope'
import type { Db, LogRow } from './tables/schema.ts'

/** The head, and the log rows after the asked revision, from one snapshot. */
export type Changes = {
  readonly revision: number
  readonly epoch: string
  readonly rows: readonly LogRow[]
}

/** The reads on the path of every verification, kept apart from the query builder. */
export type VerificationReads = {
  /** By fingerprint or id. A store that answers at once does so without a promise. */
  findKey(handle: KeyHandle): MaybePromise<KeyRecord | undefined>
  /**
   * Runs `work`, which waits for nothing. All that it looks up may be read from one snapshot, for everybody whom it
   * answers had asked before it began. Absent: one snapshot would save nothing.
   */
  together?(work: () => void): void
}

/** The revision a change got, and the epoch it was counted in. */
export type Revocation = {
  readonly revision: number
  readonly epoch: string
  /** The company whose keys it concerns: only those who see them have to hear of it. Absent: not known. */
  readonly companyId?: CompanyId | undefined
  /** Verifiers may be connected to a process of the embedded store. */
  readonly isFollowed?: boolean
}

/** What a write answers; `revocation` when other servers have to apply it before anybody is told. */
export type Written<T> = { readonly value: T; readonly revocation: Revocation | undefined }

/** What changed, and whose it is; `companyId` absent: not known. */
export type Revoked = RevocationScope & { readonly companyId?: CompanyId | undefined }

/** The one company that all of them belong to; undefined: there is none, or it is not known. */
export function ownerOf(changed: readonly Revoked[]): CompanyId | undefined {
  const [first, ...others] = changed
  return others.every(({ companyId }) => companyId === first?.companyId) ? first?.companyId : undefined
}

/** Names what changed in a way that can alter a verdict, and whose it is. */
export type Revoke = (changed: RevocationScope, companyId?: CompanyId) => void

/**
 * The turn of a write. `mayShare`: it takes the row of its party first and is short. Such writes of one party run one
 * after the other in any case, and so may share a transaction.
 */
export type WriteTurn = Turn & { readonly mayShare?: boolean }

/** A store. The two implementations hold every word that differs between SQLite and PostgreSQL. */
export type Engine = {
  readonly store: 'sqlite' | 'postgres'
  /** Where it is, for people: a file, or server and database. */
  readonly place: string
  /** Runs `work` on one snapshot: all it reads was true at one moment. `turn`: for whom; absent: the service itself. */
  read<T>(work: (db: Db) => Promise<T>, turn?: Turn): Promise<T>
  /**
   * Runs `work` in a write transaction of its own and answers when it is durable. If `work` throws, nothing
   * of it is kept. What it revokes goes into the log last of all. It may be run again from the start when
   * another transaction was in the way. Companies that write at the same time take turns: see `turn`. Throws
   * AppError `unavailable` when the store cannot take writes now.
   */
  write<T>(work: (db: Db, revoke: Revoke) => Promise<T>, turn?: WriteTurn): Promise<Written<T>>
  /**
   * As `write`, for what the service notes for itself. It outlives the process, but a machine that loses its power may
   * lose it: the embedded store does not hold the event loop until the disk has it.
   */
  writeUnsynced<T>(work: (db: Db) => Promise<T>): Promise<T>
  /**
   * As `read`, of a store that was restored or replaced too, which the other members refuse until the operator
   * has accepted it.
   */
  inspect<T>(work: (db: Db) => Promise<T>): Promise<T>
  /**
   * Makes a store that was restored or replaced the one in use: under a new epoch, so that nobody goes on with
   * what it remembers of the old one, and after every lease on the old one is over. `work` is part of the
   * transaction.
   */
  accept(work: (db: Db) => Promise<void>): Promise<void>
  /**
   * Whether the disk has room for changes that add something, and not only for those that take a power away. Asked
   * before each change that adds, and in its transaction too.
   */
  hasRoom(): boolean
  /**
   * Throws StoreError when audit events cannot be deleted although the store can be written. Asked before any is
   * exported. Absent: they always can be.
   */
  assertMayPrune?(): Promise<void>
  /**
   * Resolves when every write to one of the tables that began before now is over, for it may not see what is stored by
   * now. Absent: writes do not overlap. Throws AppError `unavailable`.
   */
  untilWritten?(tables: readonly string[]): Promise<void>
  /**
   * Throws AppError `unavailable` when a right is missing that the service needs. Absent: nobody can take rights away.
   */
  assertRights?(turn: Turn): Promise<void>
  /**
   * Where writes share a transaction: it begins when `isMoreComing` says no, or a turn of the event loop brought no
   * other write.
   */
  gatherWhile?(isMoreComing: () => boolean): void
  readonly verification: VerificationReads
  /** How a process learns what others changed: by asking when it verifies, or by following the head. */
  readonly changes: AskedChanges | FollowedChanges
  close(): Promise<void>
}

/** A store on the same machine: its head is looked at before memory is used. */
export type AskedChanges = {
  readonly kind: 'asked'
  /** undefined: nothing changed since `revision` that anybody was told of. Throws when the store does not answer. */
  changesSince(revision: number): Changes | undefined
  /**
   * Lets this process believe each look for some milliseconds, from its next write on. `isAlone`: no other process
   * serves from this store. Before it is called, `changesSince` looks each time.
   */
  claim(isAlone: boolean): void
  /** How long others may go on answering from memory after a revocation was committed, in milliseconds. */
  readonly settleMs: number
  /** For processes to which verifiers are connected. */
  readonly followed: FollowedChanges
  /** false: a store that was restored and that the operator has not accepted; `changesSince` throws then. */
  isAccepted(): boolean
}

/** The head as a statement saw it. */
export type Head = {
  readonly revision: number
  readonly epoch: string
  /** The database is the one this head was written in: not restored, promoted or copied since. */
  readonly isAccepted: boolean
}

/**
 * What the verifiers of a server may not know yet: by company the lowest revision, and by `*` that of those who see every
 * company's keys.
 */
export type UnknownRevisions = Readonly<Record<string, number>>

/** One server as the others see it. */
export type ServerRow = {
  readonly id: string
  readonly epoch: string
  /** The revision up to which it has forgotten what changed; -1 before its first look. */
  readonly applied: number
  /** Another random text at each announcement: a row whose beat stands still belongs to a dead server. */
  readonly beat: string
  /** null: a server of an older release, which waits for no verifier. */
  readonly unknown?: UnknownRevisions | null
}

/** Head, log and servers from one snapshot. */
export type Observation = Head & {
  /** The log after the asked revision, in order. */
  readonly rows: readonly LogRow[]
  readonly servers: readonly ServerRow[]
  /** How long a server may answer from memory after it asked, and what is waited beyond it. Milliseconds. */
  readonly leaseMs: number
  readonly marginMs: number
}

/** What the servers of one deployment tell each other through a store that is a network away. */
export type FollowedChanges = {
  readonly kind: 'followed'
  /** Writes the own row, in a transaction of its own, durably. */
  announce(row: ServerRow): Promise<void>
  /** In a snapshot begun after the call; the log after `revision`. */
  observe(revision: number): Promise<Observation>
  /** The same, without the log, on another connection. */
  survey(): Promise<Observation>
  /** Ends the connection that announces and observes: whatever is still under way on it comes to nothing. */
  reset(): void
  /** Deletes a row, unless it has another beat by now. */
  forget(id: string, beat: string): Promise<void>
  withdraw(id: string): Promise<void>
  /** Marks the head of an epoch as not accepted, for servers that were not there when it went back. */
  distrust(epoch: string): Promise<void>
  /**
   * Calls back when another server moved the head. Only a hint: it may be late, lost, or come for nothing. What the
   * callback answers: whether it wants to hear more.
   */
  onWake(wake: () => boolean): void
}

/** A store that cannot be opened as it is. The message is one sentence for the person who starts the service. */
export class StoreError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'StoreError'
  }
}

/** Another transaction was in the way of this one: run again from the start, it will see what that one did. */
export class WriteConflict extends Error {}
