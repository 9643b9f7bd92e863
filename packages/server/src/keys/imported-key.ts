import { authorityUnder } from '@latchkey/core/ceiling'
import { assertCovers, assertNotAbove, isEqual } from '@latchkey/core/escalation'
import { shapeOfText } from '@latchkey/core/imported-text'
import { isPermitted, narrow, parsePermission } from '@latchkey/core/permission'
import { assertRoomForOne } from '@latchkey/core/quota'
import { exceeds } from '@latchkey/core/reach'
import { parseTime } from '@latchkey/core/time'
import type { Change } from '../changes/change.ts'
import { quotedPermission } from '../import/foreign-permissions.ts'
import type { ImportRow } from '../import/import-row.ts'
import { RowRefusal } from '../import/source-error.ts'
import type { Key } from '../storage/tables/key.ts'
import type { User } from '../storage/tables/user.ts'
import { type Bounds, grantableBy, reachOf } from './grant.ts'
import type { FoundOwner } from './imported-owners.ts'
import { assertMetadataFits, keysQuota } from './key-quotas.ts'

/** All that the application gives its user, and nothing of this service's own. */
const APPLICATION_ONLY: readonly string[] = ['*:*']

type Terms = {
  readonly source: string
  readonly keysMax?: number | undefined
  readonly metadataBytesMax?: number | undefined
}

/** The key that a row becomes, but for its ids. Throws RowRefusal, and AppError for what the principal may not give. */
export function buildImportedKey(
  change: Change,
  row: ImportRow,
  owner: FoundOwner,
  { source, keysMax = Number.POSITIVE_INFINITY, metadataBytesMax = Number.POSITIVE_INFINITY }: Terms,
): Omit<Key, 'id' | 'userId'> {
  if (row.status === 'deleted')
    throw new RowRefusal('it was deleted in the old system: there is nothing to move.')
  const { ledger, nowMs } = change
  const permissions = permissionsOf(change, row, owner)
  assertMetadataFits(row.metadata, metadataBytesMax)
  assertRoomForOne(keysQuota(keysMax), ledger.keysActive + ledger.keysInactive)
  const isEnabled = row.status === 'active'
  const bounds = {
    whitelistedIPs: row.whitelistedIPs ?? null,
    expiresAtMs: timeOf('expiresAt', row.expiresAt) ?? null,
    rateLimits: row.rateLimits,
    quota: row.quota,
  }
  if ('user' in owner) assertWithinOwnReach(change, owner.user, bounds)
  return {
    companyId: ledger.id,
    ...hintOf(row),
    secretOrdinal: 1,
    mode: row.mode,
    permissions,
    ceiling: grantableBy(change),
    ...bounds,
    description: row.description ?? null,
    metadata: row.metadata,
    isEnabled,
    status: isEnabled ? 'active' : 'inactive',
    createdBy: change.principal.id,
    createdAtMs: Math.min(timeOf('createdAt', row.createdAt) ?? nowMs, nowMs),
    updatedAtMs: nowMs,
    deletedAtMs: null,
    imported: { source, atMs: nowMs },
    version: 1,
  }
}

/** Whoever imports a key has its text. With a bound key it would get one that reaches further than its own. */
function assertWithinOwnReach({ principal }: Change, user: User, bounds: Bounds): void {
  const field = isEqual(principal, user) ? exceeds(reachOf(bounds), principal.reach) : undefined
  if (field === undefined) return
  throw new RowRefusal(
    `it would reach further than the key you import with, whose ${field} bounds it, for the same user or one with the ` +
      'same role: sign in to import it, or use a key without such a bound.',
  )
}

function timeOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const atMs = parseTime(text)
  if (atMs === undefined) throw new RowRefusal(`its ${name} is no time such as 2026-01-31T00:00:00Z.`)
  return atMs
}

/** Where a row names no permissions, the key gets none of this service's own: nobody promised them to its holder. */
function permissionsOf(change: Change, { permissions }: ImportRow, owner: FoundOwner): readonly string[] {
  const { principal, ledger } = change
  const user = 'user' in owner ? owner.user : { role: 'developer' as const, permissions: null }
  assertNotAbove(principal, user.role, 'The owner')
  const held = authorityUnder(
    { role: user.role, isOperator: ledger.isOperator, userPermissions: user.permissions },
    null,
    null,
  ).authority
  if (permissions === undefined) {
    assertCovers(principal, narrow(held, APPLICATION_ONLY))
    return APPLICATION_ONLY
  }
  for (const permission of permissions) {
    const parsed = parsePermission(permission)
    if ('detail' in parsed)
      throw new RowRefusal(`its permission ${quotedPermission(permission)} ${parsed.detail}`)
    if (permission.includes('*') || isPermitted(held, permission)) continue
    throw new RowRefusal(`its permission ${permission} is none of its owner's, whose role is ${user.role}.`)
  }
  assertCovers(principal, narrow(held, permissions))
  return [...new Set(permissions)]
}

/** As much of a text as may be shown; of one that is not known, what the source shows. */
function hintOf(row: ImportRow): Pick<Key, 'prefix' | 'lastFour'> {
  if (!('key' in row)) return { prefix: row.prefix ?? '', lastFour: row.lastFour ?? '' }
  const text = row.key.reveal()
  return { prefix: text.slice(0, shapeOfText(text).prefix.length + 4), lastFour: text.slice(-4) }
}
