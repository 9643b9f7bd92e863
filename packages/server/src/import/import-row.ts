import type { DigestFormat } from '@latchkey/core/digest-format'
import type { RateLimit, UseQuota } from '@latchkey/core/limit'
import type { Mode, Secret } from '@latchkey/core/secret'

/** The systems and shapes of files that are read, as `--from` names them. */
const SOURCES = [
  'better-auth',
  'unkey',
  'kong',
  'tyk',
  'apisix',
  'aws',
  'sanctum',
  'drf',
  'csv',
  'ndjson',
] as const
export type SourceName = (typeof SOURCES)[number]

/** What became of a key in the system it comes from. What is expired there is active and has its end. */
export type SourceStatus = 'active' | 'disabled' | 'deleted'

/**
 * One key of another system. The names are those of the body that creates a key. Of the text that clients present
 * there is either the text, or its digest and how that was made.
 */
export type ImportRow = KeyFacts &
  (
    | { readonly key: Secret }
    /** The bytes of the digest; never stored as they are. */
    | { readonly hash: Uint8Array; readonly format: DigestFormat }
  )

type KeyFacts = {
  /** Where it begins in the file, from 1; in a database the number of the row. */
  readonly line: number
  readonly source: SourceName
  /** Id of a user here. At most one of the two names the owner. */
  readonly userId: string | undefined
  /** The old system's id of the owner. */
  readonly externalUserId: string | undefined
  readonly description: string | undefined
  /** undefined: the source names none. An empty list is none at all. */
  readonly permissions: readonly string[] | undefined
  readonly whitelistedIPs: readonly string[] | undefined
  /** UTC, milliseconds, `Z`. */
  readonly expiresAt: string | undefined
  readonly createdAt: string | undefined
  readonly mode: Mode
  readonly status: SourceStatus
  /** null: as often as it likes. */
  readonly rateLimits: readonly RateLimit[] | null
  readonly quota: UseQuota | null
  /** What the text begins with, as far as the source shows it. */
  readonly prefix: string | undefined
  readonly lastFour: string | undefined
  readonly metadata: Readonly<Record<string, string>>
  /** Sentences for the report: what went to metadata, what found no place, what to know. */
  readonly notes: readonly string[]
}

/** What a place in a file holds: a key, or why it is none that can be taken. */
export type SourceLine =
  | { readonly line: number; readonly row: ImportRow }
  | { readonly line: number; readonly refused: string }
