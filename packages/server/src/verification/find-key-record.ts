import type { Fingerprint } from '@latchkey/core/fingerprint'
import type { CompanyId, UserId } from '@latchkey/core/ids'
import type { VerifiableKey } from '@latchkey/core/key'
import { compileKey, type KeyRecord } from '@latchkey/core/key-record'
import { type KeySecret, secretOf } from '@latchkey/core/loaded-key'
import type { VerificationReads } from '../storage/engine.ts'
import { cannotVerify } from './load-key.ts'

/** A key as the store has it now: its record, the same compiled for judging, and the secret that was presented. */
export type FoundRecord = {
  readonly record: KeyRecord
  readonly key: VerifiableKey
  readonly secret: KeySecret
}

/** Looked up when there are no tags: without a look-up that answer would come sooner, and tell that there are none. */
const NOBODY = 'usr_00000000000000000000000000' as UserId

/**
 * Reads a key by one of its tags, from the store itself and never from memory. undefined: there is none that may be
 * seen. `visibleTo` null: every company's. Throws AppError `cannot_verify`.
 */
export async function findKeyRecord(
  reads: VerificationReads,
  tags: readonly Fingerprint[],
  visibleTo: CompanyId | null,
): Promise<FoundRecord | undefined> {
  try {
    for (const tag of tags) {
      const record = await reads.findKey(tag)
      if (record !== undefined) return visible(record, tag, visibleTo)
    }
    if (tags.length === 0) await reads.findKey(NOBODY)
    return undefined
  } catch (error) {
    throw cannotVerify(error)
  }
}

function visible(record: KeyRecord, tag: Fingerprint, visibleTo: CompanyId | null): FoundRecord | undefined {
  const loaded = compileKey(record)
  const secret = secretOf(loaded, tag, null)
  if (secret === undefined || (visibleTo !== null && visibleTo !== record.companyId)) return undefined
  return { record, key: loaded.key, secret }
}
