import { type Fault, inputError, noteFault } from '@latchkey/core/error'
import { assertCovers, assertNotAbove, assertOwn } from '@latchkey/core/escalation'
import { type createFingerprinter, fingerprintBytes } from '@latchkey/core/fingerprint'
import { hintOf } from '@latchkey/core/hint'
import { type CompanyId, isId } from '@latchkey/core/ids'
import { compileAuthority, isPermitted } from '@latchkey/core/permission'
import { generateSecret, type Mode, type Secret } from '@latchkey/core/secret'
import type { Change } from '../changes/change.ts'
import { insertKey, type KeyView } from '../storage/keys.ts'
import type { Db, KeyRow, UserRow } from '../storage/schema.ts'
import { findUser, saveKeyCounts } from '../storage/users.ts'
import { parseExpiry, type ReadInput } from './key-input.ts'

export type NewKey = {
  readonly userId: string
  readonly whitelistedIPs?: readonly string[] | string | null
  readonly description?: string | null
  readonly expiresAt?: string | null
  readonly permissions?: readonly string[] | null
  readonly mode?: Mode
  readonly metadata?: Readonly<Record<string, string>>
}

export type CreateKeyDeps = {
  readonly keyPrefix: string
  readonly fingerprint: ReturnType<typeof createFingerprinter>
}

/** The new key, and its secret: the one moment at which both are in one place. */
export type CreatedKey = { readonly view: KeyView; readonly secret: Secret }

/**
 * Creates a key that acts as the given user of the company that is changed. Throws AppError: input faults,
 * `permission_escalation`, `missing_permission`.
 */
export async function createKey(
  change: Change,
  deps: CreateKeyDeps,
  read: ReadInput<NewKey>,
): Promise<CreatedKey> {
  const { input, entries = null, permissions = null } = read
  const { user, expiresAtMs } = await checkNewKey(change.db, change.ledger.id, read, change.nowMs)
  assertMayGrant(change, user, permissions)

  const secret = generateSecret({
    prefix: deps.keyPrefix,
    mode: input.mode ?? 'live',
    randomBytes: change.randomBytes,
  })
  const row = {
    ...newRow(change, user),
    ...hintColumns(secret),
    fingerprint: fingerprintBytes(deps.fingerprint(secret)),
    whitelisted_ips: entries === null ? null : JSON.stringify(entries),
    permissions: permissions === null ? null : JSON.stringify(permissions),
    description: input.description ?? null,
    metadata: JSON.stringify(input.metadata ?? {}),
    expires_at: expiresAtMs,
  } satisfies KeyRow
  await insertKey(change.db, row)
  change.ledger.keys_active += 1
  await saveKeyCounts(change.db, { ...user, keys_active: user.keys_active + 1 })
  await change.record({
    action: 'key.created',
    object: { type: 'key', id: row.id },
    changes: creation(row, entries),
  })
  return {
    view: { ...row, user_status: user.status, company_status: change.ledger.status, last_used_at: null },
    secret,
  }
}

/**
 * What the store and the clock say to the input. Throws AppError with every fault, those of its lists too: for an
 * input that has some it is called on a snapshot, in place of the creation.
 */
export async function checkNewKey(
  db: Db,
  companyId: CompanyId,
  { input, faults: found }: ReadInput<NewKey>,
  nowMs: number,
): Promise<{ readonly user: UserRow; readonly expiresAtMs: number | null }> {
  const faults = [...found]
  const expiresAtMs = parseExpiry(input.expiresAt, nowMs, faults)
  const user = await findKeyUser(db, companyId, input.userId, faults)
  if (user === undefined || faults.length > 0) throw inputError(faults)
  return { user, expiresAtMs }
}

/** Unknown, inactive and foreign users get one answer: nothing about other companies shows. */
async function findKeyUser(
  db: Db,
  companyId: CompanyId,
  userId: string,
  faults: Fault[],
): Promise<UserRow | undefined> {
  const user = isId('usr', userId) ? await findUser(db, companyId, userId) : undefined
  if (user?.status === 'active') return user
  faults.push({
    pointer: '/userId',
    code: 'user_not_found',
    detail: 'is not an active user of your company. GET /users lists them.',
  })
  return undefined
}

function assertMayGrant(change: Change, user: UserRow, permissions: readonly string[] | null): void {
  const { principal } = change
  assertOwn(principal, user.id, 'create')
  assertNotAbove(principal, user.role, 'The user')
  const userAuthority = {
    role: user.role,
    isOperator: change.ledger.is_operator === 1,
    userPermissions: user.permissions === null ? null : (JSON.parse(user.permissions) as string[]),
  }
  const held = compileAuthority({ ...userAuthority, narrowings: [] })
  const faults: Fault[] = []
  for (const [index, permission] of (permissions ?? []).entries()) {
    // A pattern means "all of these that the user has"; a single permission the user lacks is a mistake.
    if (permission.includes('*') || isPermitted(held, permission)) continue
    noteFault(faults, {
      pointer: `/permissions/${index}`,
      code: 'invalid_field',
      detail: `${permission} is not a permission of the user (role ${user.role}): a key can only be narrower than its user.`,
    })
  }
  if (faults.length > 0) throw inputError(faults)
  assertCovers(
    principal,
    compileAuthority({ ...userAuthority, narrowings: permissions === null ? [] : [permissions] }),
  )
}

function newRow(change: Change, user: UserRow) {
  return {
    id: change.nextId('key'),
    company_id: user.company_id,
    user_id: user.id,
    secret_generation: 1,
    is_enabled: 1 as const,
    status: 'active' as const,
    created_by: change.principal.id,
    created_at: change.nowMs,
    updated_at: change.nowMs,
    deleted_at: null,
    version: 1,
  }
}

function hintColumns(secret: Secret) {
  const hint = hintOf(secret)
  return { prefix: hint.prefix, last_four: hint.lastFour, mode: secret.mode }
}

function creation(row: KeyRow, entries: readonly string[] | null) {
  return {
    userId: [null, row.user_id],
    whitelistedIPs: [null, entries],
    permissions: [null, row.permissions === null ? null : JSON.parse(row.permissions)],
    expiresAt: [null, row.expires_at === null ? null : new Date(row.expires_at).toISOString()],
    mode: [null, row.mode],
  } as const
}
