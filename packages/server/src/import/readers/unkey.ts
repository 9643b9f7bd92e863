import type { DigestFormat } from '@latchkey/core/digest-format'
import { foreignPermissions } from '../foreign-permissions.ts'
import { isObject } from '../is-object.ts'
import type { SourceItem, SourceReader } from '../reader.ts'
import { RowRefusal } from '../source-error.ts'
import { unkeyRateLimits, unkeyUses } from './unkey-limits.ts'

/**
 * The table `keys` of Unkey (unkeyed/unkey, internal/db/src/schema/keys.ts) with `permissions` and `external_id` joined
 * to it, or the answers of its API that list keys. `hash` is SHA-256 of the whole text in padded base64
 * (go/pkg/hash/sha256.go). Older rows have `deleted_at` and `created_at`, later ones `deleted_at_m` and `created_at_m` in
 * milliseconds; `expires` is a DATETIME in UTC. While `pending_migration_id` is set, the hash is still the one of the
 * system it was migrated from. The API gives no hashes, but `plaintext` of keys that were made recoverable.
 */
export const unkey: SourceReader = { read: readUnkey, lists: ['keys', 'data'] }

const FORMAT: DigestFormat = { algorithm: 'sha256', input: 'whole' }

function* readUnkey({ line, fields, options }: SourceItem) {
  if (fields.text('pending_migration_id') !== undefined) {
    throw new RowRefusal(
      'Unkey has not seen this key since it was migrated there, and holds the hash of the system before: import it from ' +
        'that system, or with --from csv and the format of its hashes.',
    )
  }
  const key = fields.text('plaintext')
  const hash = fields.text('hash')
  if (key === undefined && hash === undefined) {
    throw new RowRefusal(
      'there is no hash: the API gives none. Export the table keys, or decrypt recoverable keys.',
    )
  }
  const deletedAt = fields.time('ms', 'deleted_at_m', 'deleted_at')
  const uses = unkeyUses(fields)
  const { rateLimits, rest } = unkeyRateLimits(fields)
  const identity = fields.json('identity')
  const isEnabled = fields.flag('enabled') ?? true
  yield {
    line,
    source: 'unkey' as const,
    ...(key === undefined ? { hash, format: options.format ?? FORMAT } : { key }),
    externalUserId:
      (isObject(identity) ? textOf(identity.externalId) : undefined) ??
      fields.text('external_id', 'owner_id', 'identity_id'),
    description: fields.text('name'),
    permissions: permissionsOf(fields.json('permissions'), options.permissionArea),
    expiresAt: fields.time('ms', 'expires'),
    createdAt: fields.time('ms', 'created_at_m', 'created_at'),
    status:
      deletedAt !== undefined
        ? ('deleted' as const)
        : isEnabled && !uses.isSpent
          ? ('active' as const)
          : ('disabled' as const),
    rateLimits,
    quota: uses.quota,
    prefix: fields.text('start'),
    metadata: fields.json('meta'),
    rest: [...uses.rest, ...rest, ...fields.rest()],
    notes: uses.notes,
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

function permissionsOf(value: unknown, area: string | undefined): string[] | undefined {
  // Without a list a key can do nothing there: the API leaves an empty one out.
  if (value === undefined) return []
  if (!Array.isArray(value))
    throw new RowRefusal('its permissions are no list in JSON, such as ["orders.read"].')
  return foreignPermissions(value.filter((name) => name !== null).map(String), area)
}
