import type { CompanyId, KeyId, SessionId, UserId } from '@latchkey/core/ids'
import type { OutcomeCode } from '@latchkey/core/outcome-code'
import type { Generated, Kysely } from 'kysely'
import type { CompanyColumns } from './company.ts'
import type { KeyRow } from './key.ts'
import type { LedgerColumns } from './ledger-columns.ts'
import type { CountColumns } from './usage-counts.ts'
import type { UserRow } from './user.ts'

/*
 * Columns as both stores hold them. Times are integers: milliseconds since the epoch. Flags are 0 or 1.
 * Lists and records are JSON text: nothing is ever looked up inside them.
 */

export type Status = 'active' | 'inactive'

export type DeploymentRow = {
  id: 1
  /** Known bytes under a key derived from the server secret: a wrong secret fails at start. */
  secret_check: Uint8Array
  secret_generation: number
  companies_count: number
  last_company_id: CompanyId | null
  created_at: number
  /** Over the ids of all companies in their order, and under the audit key with their count; null: of an older release. */
  companies_head: Uint8Array | null
  companies_seal: Uint8Array | null
}

/** The one row whose revision moves with every change that can alter an answer. */
export type HeadRow = { id: 1; revision: number; epoch: string }

export type LogRow = {
  revision: number
  scope: 'key' | 'session' | 'user' | 'company'
  object_id: string
  /** Whose it is; null: of an older release, or not known. */
  company_id?: CompanyId | null
}

/** A process to which verifiers are connected, on the embedded store. `unknown`: JSON. */
type ServersRow = { id: string; epoch: string; applied: number; beat: string; unknown: string }

/**
 * `hash` says what it was made with. `email`: the address it was set for, and signs in with. `giver`: what whoever
 * gave it could give, in JSON (null: everything); NULL: not known, since it is from before this was kept.
 */
export type PasswordRow = {
  user_id: UserId
  hash: string
  updated_at: number
  email: string | null
  giver: string | null
}

export type InvitationRow = {
  hash: Uint8Array
  user_id: UserId
  expires_at: number
  giver: string | null
  /** A key, or the user who was signed in. null: the host, or an older release. */
  maker: KeyId | UserId | null
}

/** Where a user signed in from: a keyed hash of the address. */
type KnownSourceRow = { user_id: UserId; source: Uint8Array; last_at: number }

export type SessionRow = {
  id: SessionId
  user_id: UserId
  created_at: number
  expires_at: number
  ended_at: number | null
  /** From where it was begun; null: not known. */
  address: string | null
}

type KeyUsageRow = { key_id: KeyId; last_used_at: number; last_address: string | null }

type UsageKeyRow = {
  number: Generated<number>
  key_id: KeyId
  company_number: number
  last_refused_at: number | null
  last_refused_code: OutcomeCode | null
  last_refused_address: string | null
}

/** Where a key was accepted from, or refused for its allowlist. `address`: the last one of the network. */
type UsageNetworkRow = {
  key_number: number
  is_accepted: 0 | 1
  network: string
  address: string
  first_at: number
  last_at: number
}

/** `key_number` 0: the total of the company. */
type UsagePlace = { company_number: number; key_number: number }

export type AuditEventRow = {
  company_id: CompanyId
  id: string
  sequence: number
  at: number
  action: string
  actor_type: string
  actor_id: string | null
  actor_user_id: string | null
  object_type: string
  object_id: string
  address: string | null
  request_id: string | null
  changes: string
  hash: Uint8Array
}

/** An event as it is kept: `redaction` stands for the hash of one whose personal values were taken out. */
export type StoredEvent = AuditEventRow & { redaction: Uint8Array | null }

export type IdempotencyRow = {
  hash: Uint8Array
  body_hash: Uint8Array
  sealed: Uint8Array
  expires_at: number
}

/** A secret that was replaced or cancelled. */
type SecretRow = {
  tag: Uint8Array
  key_id: KeyId
  /** Counts the secrets of a key, from 1. A token names the one that made it. */
  ordinal: number
  prefix: string
  last_four: string
  /** When it ceased to be the current one, milliseconds since the epoch as all times here. */
  replaced_at: number
  ends_at: number
  last_used_at: number | null
  last_address: string | null
  /** When the secret in its place was first accepted. */
  successor_used_at: number | null
}

/** How the texts of keys that were imported are recognised: what was hashed there, and what such texts look like. */
type ImportFormatRow = {
  id: number
  format: string
  /** Pepper and salt, sealed under a key derived from the server secret; null: neither. */
  sealed_extras: Uint8Array | null
  /** JSON. */
  shapes: string
}

export type Schema = {
  deployment: DeploymentRow
  head: HeadRow
  log: LogRow
  servers: ServersRow
  companies: CompanyColumns & LedgerColumns
  users: UserRow
  /** `fingerprint`: the tag of its current secret; `previous_tag`: of the one before, which may live for a while. */
  keys: KeyRow & { fingerprint: Uint8Array; secret_generation: number; previous_tag: Uint8Array | null }
  secrets: SecretRow
  import_formats: ImportFormatRow
  passwords: PasswordRow
  invitations: InvitationRow
  sessions: SessionRow
  known_sources: KnownSourceRow
  key_usage: KeyUsageRow
  /** JSON: what was used of the limits of a key. */
  key_limits: { key_id: KeyId; account: string }
  usage_companies: { number: Generated<number>; company_id: CompanyId }
  usage_keys: UsageKeyRow
  usage_days: UsagePlace & CountColumns & { day: number }
  usage_months: UsagePlace & CountColumns & { month: number }
  usage_networks: UsageNetworkRow
  /** What was added, so that it is added once. */
  usage_reports: { id: string; at: number }
  audit_events: AuditEventRow & { redaction: Generated<Uint8Array | null> }
  idempotency: IdempotencyRow
}

/** Where a storage function runs: a snapshot or a write transaction. */
export type Db = Kysely<Schema>
