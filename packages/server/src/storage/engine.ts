import type { KeyHandle } from '@latchkey/core/key-cache'
import type { Db, LogRow } from './schema.ts'

/** What verification reads of a key, session or user, with its user and its company: one indexed read. */
export type VerifiableRow = {
  readonly id: string
  readonly company_id: string
  readonly user_id: string
  /** null for a session and a user, which have no secret. */
  readonly fingerprint: Uint8Array | null
  readonly mode: string
  readonly status: string
  readonly expires_at: number | null
  readonly whitelisted_ips: string | null
  readonly permissions: string | null
  readonly metadata: string
  readonly role: string
  readonly user_status: string
  readonly user_permissions: string | null
  readonly company_status: string
  readonly is_operator: number
}

/** The head, and the log rows after the asked revision, from one snapshot. */
export type Changes = {
  readonly revision: number
  readonly epoch: string
  readonly rows: readonly LogRow[]
}

/** The reads on the path of every verification, kept apart from the query builder. */
export type VerificationReads = {
  /** undefined: nothing changed since `revision`. */
  changesSince(revision: number): Changes | undefined
  findKey(handle: KeyHandle): VerifiableRow | undefined
}

/** A store. The two implementations hold every word that differs between SQLite and PostgreSQL. */
export type Engine = {
  readonly store: 'sqlite' | 'postgres'
  /** Runs `work` on one snapshot: all it reads was true at one moment. */
  read<T>(work: (db: Db) => Promise<T>): Promise<T>
  /**
   * Runs `work` in a write transaction of its own and answers when it is durable. If `work` throws, nothing
   * of it is kept. Throws AppError `unavailable` when the store cannot take writes now.
   */
  write<T>(work: (db: Db) => Promise<T>): Promise<T>
  readonly verification: VerificationReads
  close(): Promise<void>
}

/** A store that cannot be opened as it is. The message is one sentence for the person who starts the service. */
export class StoreError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'StoreError'
  }
}
