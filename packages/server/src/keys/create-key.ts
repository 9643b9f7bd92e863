import type { ApiKeyCreate } from '@latchkey/contract/schemas/keys'
import { type Fault, inputError } from '@latchkey/core/error'
import {
  assertCovers,
  assertNotAbove,
  assertOwn,
  assertWithinReach,
  isEqual,
} from '@latchkey/core/escalation'
import { type createFingerprinter, fingerprintBytes } from '@latchkey/core/fingerprint'
import { hintOf } from '@latchkey/core/hint'
import { type CompanyId, isId } from '@latchkey/core/ids'
import { lacks, namePermissions, narrow } from '@latchkey/core/permission'
import type { Principal } from '@latchkey/core/principal'
import { assertRoomForOne } from '@latchkey/core/quota'
import { UNBOUND } from '@latchkey/core/reach'
import { generateSecret, type Secret } from '@latchkey/core/secret'
import type { Change } from '../changes/change.ts'
import type { Key } from '../storage/tables/key.ts'
import { findKey, insertKey, type KeyView } from '../storage/tables/keys.ts'
import type { Db } from '../storage/tables/schema.ts'
import type { User } from '../storage/tables/user.ts'
import { findUser, saveKeyCounts } from '../storage/tables/users.ts'
import { auditedFields } from './audited-fields.ts'
import { assertHeldByUser, authorityOf, type Bounds, grantableBy, reachOf } from './grant.ts'
import { parseExpiry, type ReadInput } from './key-input.ts'
import { keysQuota } from './key-quotas.ts'

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
  read: ReadInput<ApiKeyCreate>,
): Promise<CreatedKey> {
  const { input } = read
  const { user, expiresAtMs } = await checkNewKey(change.db, change.ledger.id, read, change.nowMs)
  const permissions = grantedPermissions(change, user, read.permissions)
  const reach = await grantedReach(change, user, read, expiresAtMs)
  const { keysMax = Number.POSITIVE_INFINITY } = deps
  assertRoomForOne(keysQuota(keysMax), change.ledger.keysActive + change.ledger.keysInactive)

  const secret = generateSecret({
    prefix: deps.keyPrefix,
    mode: input.mode ?? 'live',
    randomBytes: change.randomBytes,
  })
  const key: Key = {
    id: change.nextId('key'),
    companyId: user.companyId,
    userId: user.id,
    ...hintOf(secret),
    secretOrdinal: 1,
    mode: secret.mode,
    ...reach,
    permissions,
    ceiling: grantableBy(change),
    description: input.description ?? null,
    metadata: input.metadata ?? {},
    isEnabled: true,
    status: 'active',
    createdBy: change.principal.id,
    createdAtMs: change.nowMs,
    updatedAtMs: change.nowMs,
    deletedAtMs: null,
    imported: null,
    version: 1,
  }
  await insertKey(change.db, key, fingerprintBytes(deps.fingerprint(secret)))
  change.ledger.keysActive += 1
  await saveKeyCounts(change.db, { ...user, keysActive: user.keysActive + 1 })
  await change.record({
    action: 'key.created',
    object: { type: 'key', id: key.id },
    changes: creationOf(key),
  })
  return {
    view: {
      ...key,
      userStatus: user.status,
      companyStatus: change.ledger.status,
      lastUsedAtMs: null,
      lastAddress: null,
      lastRefusal: null,
      rotation: null,
    },
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
  { input, faults: found }: ReadInput<ApiKeyCreate>,
  nowMs: number,
): Promise<{ readonly user: User; readonly expiresAtMs: number | null }> {
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
): Promise<User | undefined> {
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
  user: User,
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
      : namePermissions(narrow(held, namePermissions(principal.authority)))
  }
  assertHeldByUser(user, held, permissions ?? [])
  assertCovers(principal, permissions === null ? held : narrow(held, permissions))
  return permissions
}

/**
 * From where, until when and how often. Nothing said: as the principal's own key, where it could otherwise make an equal
 * without bounds.
 */
async function grantedReach(
  { db, principal }: Change,
  user: User,
  { input, entries = null, allowlist: compiled }: ReadInput<ApiKeyCreate>,
  expiresAtMs: number | null,
): Promise<Bounds> {
  const inherited = isEqual(principal, user) ? principal.reach : UNBOUND
  const { allowlist, limits } = inherited
  const own = allowlist === null && limits === null ? undefined : await findOwnKey(db, principal)
  const isListed = entries !== null || input.whitelistedIPs === null
  const isEndSaid = expiresAtMs !== null || input.expiresAt === null
  const { rateLimits = own?.rateLimits ?? null, quota = own?.quota ?? null } = input
  const bounds = {
    whitelistedIPs: isListed ? entries : (own?.whitelistedIPs ?? null),
    expiresAtMs: isEndSaid ? expiresAtMs : inherited.expiresAtMs,
    rateLimits: rateLimits?.length === 0 ? null : rateLimits,
    quota,
  }
  assertWithinReach(principal, user, reachOf(bounds, compiled))
  return bounds
}

/** Its bounds as they were written: what is compiled has lost their order. */
async function findOwnKey(db: Db, { id, homeCompanyId }: Principal): Promise<Bounds | undefined> {
  const isKey = id !== null && homeCompanyId !== null && isId('key', id)
  return isKey ? findKey(db, homeCompanyId, id) : undefined
}

function creationOf(key: Key) {
  const { whitelistedIPs, permissions, expiresAt, ceiling, rateLimits, quota } = auditedFields(key)
  return {
    userId: [null, key.userId],
    whitelistedIPs: [null, whitelistedIPs],
    permissions: [null, permissions],
    expiresAt: [null, expiresAt],
    mode: [null, key.mode],
    ...(rateLimits === null ? {} : { rateLimits: [null, rateLimits] as const }),
    ...(quota === null ? {} : { quota: [null, quota] as const }),
    ...(ceiling === null ? {} : { ceiling: [null, ceiling] as const }),
  } as const
}
