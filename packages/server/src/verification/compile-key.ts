import { compileAllowlist } from '@latchkey/core/allowlist'
import { authorityUnder, type Ceiling } from '@latchkey/core/ceiling'
import { fingerprintFromBytes } from '@latchkey/core/fingerprint'
import type { CompanyId, UserId } from '@latchkey/core/ids'
import type { VerifiableKey } from '@latchkey/core/key'
import type { LoadedKey } from '@latchkey/core/key-cache'
import type { Role } from '@latchkey/core/permission'
import type { Mode } from '@latchkey/core/secret'
import { createShared } from '@latchkey/core/shared'
import type { VerifiableRow } from '../storage/engine.ts'

/** The rows of a company's keys repeat most of what they say. */
const word = createShared((text) => text)
const allowlistOf = createShared((text) => compileAllowlist(JSON.parse(text) as string[]))
const listOf = (text: string) => JSON.parse(text) as string[]
const ceilingFrom = createShared((text) => JSON.parse(text) as Ceiling)
const metadataOf = createShared((text) => JSON.parse(text) as Readonly<Record<string, string>>)

/** What judging a key takes, made of its row once. */
export function compileKey(row: VerifiableRow): LoadedKey {
  const isOperator = row.is_operator === 1
  const userPermissions = row.user_permissions === null ? null : listOf(row.user_permissions)
  const { role, authority } = authorityUnder(
    { role: word(row.role) as Role, isOperator, userPermissions },
    row.permissions === null ? null : listOf(row.permissions),
    row.ceiling === null ? null : ceilingFrom(row.ceiling),
  )
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
      authority,
      metadata: metadataOf(row.metadata),
    },
  }
}
