import type { DigestFormat } from '@latchkey/core/digest-format'

/** What a file does not say of itself. */
export type SourceOptions = {
  /** `lk`, or as the deployment has it. */
  readonly keyPrefix: string
  /** How the hashes were made, where neither the source nor the row says it. */
  readonly format?: DigestFormat
  /** When the export was made, in milliseconds: some sources write only how many seconds a key had left then. */
  readonly exportedAtMs?: number
  /** Where names of rights go that are no permissions here: `app` makes `read` into `app:read`. */
  readonly permissionArea?: string
  /** better-auth with `disableKeyHashing`: what its column holds is the text. */
  readonly keysAreTexts?: boolean
  readonly rawDigestsAreKeys?: boolean
  /** Of Sanctum's own settings, in minutes: it ends keys whose rows have no end. */
  readonly expirationMinutes?: number
  /** Columns of a csv or ndjson file that are meant for metadata, although their names look like more. */
  readonly metadataColumns?: readonly string[]
}
