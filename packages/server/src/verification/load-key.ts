import { compileAllowlist } from '@latchkey/core/allowlist'
import { AppError } from '@latchkey/core/error'
import { fingerprintFromBytes } from '@latchkey/core/fingerprint'
import type { CompanyId, UserId } from '@latchkey/core/ids'
import type { VerifiableKey } from '@latchkey/core/key'
import type { KeyHandle, LoadedKey } from '@latchkey/core/key-cache'
import type { MaybePromise } from '@latchkey/core/maybe-promise'
import { compileAuthority, type Role } from '@latchkey/core/permission'
import type { Mode } from '@latchkey/core/secret'
import { createShared } from '@latchkey/core/shared'
import type { VerifiableRow, VerificationReads } from '../storage/engine.ts'

/** Reads a key from the store and compiles it. Throws AppError `cannot_verify` when the store is silent. */
export function loadKey(reads: VerificationReads, handle: KeyHandle): MaybePromise<LoadedKey | null> {
  try {
    const row = reads.findKey(handle)
    if (!(row instanceof Promise)) return compileFound(row)
    return row.then(compileFound, (error: unknown) => {
      throw cannotVerify(error)
    })
  } catch (error) {
    throw cannotVerify(error)
  }
}

const compileFound = (row: VerifiableRow | undefined): LoadedKey | null =>
  row === undefined ? null : compile(row)

export function cannotVerify(cause: unknown): AppError {
  return new AppError(
    'cannot_verify',
    'Whether the key is valid cannot be told now: try again in a moment.',
    {
      retryAfterSeconds: 1,
      cause,
    },
  )
}

/** The rows of a company's keys repeat most of what they say. */
const word = createShared((text) => text)
const allowlistOf = createShared((text) => compileAllowlist(JSON.parse(text) as string[]))
const metadataOf = createShared((text) => JSON.parse(text) as Readonly<Record<string, string>>)

function compile(row: VerifiableRow): LoadedKey {
  const role = word(row.role) as Role
  const isOperator = row.is_operator === 1
  const narrowings = row.permissions === null ? [] : [JSON.parse(row.permissions) as string[]]
  return {
    fingerprint: row.fingerprint === null ? undefined : fingerprintFromBytes(row.fingerprint),
    key: {
      id: row.id as VerifiableKey['id'],
      companyId: word(row.company_id) as CompanyId,
      userId: word(row.user_id) as UserId,
      mode: word(row.mode) as Mode,
      isActive: row.status === 'active',
      isUserActive: row.user_status === 'active',
      isCompanyActive: row.company_status === 'active',
      expiresAtMs: row.expires_at,
      allowlist: row.whitelisted_ips === null ? null : allowlistOf(row.whitelisted_ips),
      role,
      isOperator,
      authority: compileAuthority({
        role,
        isOperator,
        userPermissions:
          row.user_permissions === null ? null : (JSON.parse(row.user_permissions) as string[]),
        narrowings,
      }),
      metadata: metadataOf(row.metadata),
    },
  }
}
