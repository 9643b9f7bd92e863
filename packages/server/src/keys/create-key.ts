import { type Fault, inputError, noteFault } from '@latchkey/core/error'
import { assertCovers, assertNotAbove, assertOwn } from '@latchkey/core/escalation'
import { type createFingerprinter, fingerprintBytes } from '@latchkey/core/fingerprint'
import { hintOf } from '@latchkey/core/hint'
import { type CompanyId, isId } from '@latchkey/core/ids'
import { isPermitted, lacks, listPermissions, narrow } from '@latchkey/core/permission'
import type { Principal } from '@latchkey/core/principal'
import { assertRoomForOne } from '@latchkey/core/quota'
import { UNBOUND } from '@latchkey/core/reach'
import { generateSecret, type Mode, type Secret } from '@latchkey/core/secret'
import type { Change } from '../changes/change.ts'
import { findKey, insertKey, type KeyView } from '../storage/keys.ts'
import type { Db, KeyRow, UserRow } from '../storage/schema.ts'
import { findUser, saveKeyCounts } from '../storage/users.ts'
import { assertWithinReach, authorityOf, ceilingText, isEqual, reachOf } from './grant.ts'
import { parseExpiry, type ReadInput } from './key-input.ts'
import { keysQuota } from './key-quotas.ts'

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
  /** Keys that the company may have; absent on the host, which nobody can flood. */
  readonly keysMax?: number
}

/** The new key, and its secret: the one moment at which both are in one place. */
export type CreatedKey = { readonly view: KeyView; readonly secret: Secret }

/**
 * Creates a key that acts as the given user of the company that is changed. Throws AppError: input faults,
 * `permission_escalation`, `missing_permission`, `quota_exceeded`.
 */
export async function createKey(
  change: Change,
  deps: CreateKeyDeps,
  read: ReadInput<NewKey>,
): Promise<CreatedKey> {
  const { input } = read
  const { user, expiresAtMs } = await checkNewKey(change.db, change.ledger.id, read, change.nowMs)
  const permissions = grantedPermissions(change, user, read.permissions)
  const reach = await grantedReach(change, user, read, expiresAtMs)
  const { keysMax = Number.POSITIVE_INFINITY } = deps
  assertRoomForOne(keysQuota(keysMax), change.ledger.keys_active + change.ledger.keys_inactive)

  const secret = generateSecret({
    prefix: deps.keyPrefix,
    mode: input.mode ?? 'live',
    randomBytes: change.randomBytes,
  })
  const row = {
    ...newRow(change, user),
    ...hintColumns(secret),
    fingerprint: fingerprintBytes(deps.fingerprint(secret)),
    ...reach,
    permissions: permissions === null ? null : JSON.stringify(permissions),
    ceiling: ceilingText(change),
    description: input.description ?? null,
    metadata: JSON.stringify(input.metadata ?? {}),
  } satisfies KeyRow
  await insertKey(change.db, row)
  change.ledger.keys_active += 1
  await saveKeyCounts(change.db, { ...user, keys_active: user.keys_active + 1 })
  await change.record({
    action: 'key.created',
    object: { type: 'key', id: row.id },
    changes: creation(row),
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

/** The list to store; null: all that the user has. Throws AppError when the principal may not give that. */
function grantedPermissions(
  change: Change,
  user: UserRow,
  permissions: readonly string[] | null | undefined,
): readonly string[] | null {
  const { principal } = change
  assertOwn(principal, user.id, 'create')
  assertNotAbove(principal, user.role, 'The user')
  const held = authorityOf(change, user, { permissions: null, ceiling: null })
  // Nothing said: as much as the user has and the principal may give.
  if (permissions === undefined) {
    return lacks(principal.authority, held) === undefined
      ? null
      : listPermissions(narrow(held, listPermissions(principal.authority)))
  }
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
  assertCovers(principal, permissions === null ? held : narrow(held, permissions))
  return permissions
}

/** From where and until when. Nothing said: as the principal's own key, where it could otherwise make an equal without bounds. */
async function grantedReach(
  { db, principal }: Change,
  user: UserRow,
  { input, entries = null }: ReadInput<NewKey>,
  expiresAtMs: number | null,
): Promise<Pick<KeyRow, 'whitelisted_ips' | 'expires_at'>> {
  const inherited = isEqual(principal, user) ? principal.reach : UNBOUND
  const isListed = entries !== null || input.whitelistedIPs === null
  const isEndSaid = expiresAtMs !== null || input.expiresAt === null
  const reach = {
    whitelisted_ips:
      isListed || inherited.allowlist === null
        ? entries === null
          ? null
          : JSON.stringify(entries)
        : await findAllowlistText(db, principal),
    expires_at: isEndSaid ? expiresAtMs : inherited.expiresAtMs,
  }
  assertWithinReach(principal, user, reachOf(reach))
  return reach
}

/** As it was written: what is compiled has lost its order. */
async function findAllowlistText(db: Db, { id, homeCompanyId }: Principal): Promise<string | null> {
  const isKey = id !== null && homeCompanyId !== null && isId('key', id)
  const own = isKey ? await findKey(db, homeCompanyId, id) : undefined
  return own?.whitelisted_ips ?? null
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

function creation(row: KeyRow) {
  return {
    userId: [null, row.user_id],
    whitelistedIPs: [null, row.whitelisted_ips === null ? null : JSON.parse(row.whitelisted_ips)],
    permissions: [null, row.permissions === null ? null : JSON.parse(row.permissions)],
    expiresAt: [null, row.expires_at === null ? null : new Date(row.expires_at).toISOString()],
    mode: [null, row.mode],
    ...(row.ceiling === null ? {} : { ceiling: [null, JSON.parse(row.ceiling)] as const }),
  } as const
}
