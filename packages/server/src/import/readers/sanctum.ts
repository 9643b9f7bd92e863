import type { DigestFormat } from '@latchkey/core/digest-format'
import { foreignPermissions } from '../foreign-permissions.ts'
import type { SourceItem, SourceReader } from '../reader.ts'
import { RowRefusal } from '../source-error.ts'

/**
 * The table `personal_access_tokens` of Laravel Sanctum. `token` is SHA-256 in hexadecimal of what follows the first `|`
 * of the text, or of all of a text without one (laravel/sanctum, PersonalAccessToken::findToken). `abilities` is a list
 * in JSON, `["*"]` for all. The owner is `tokenable_id` of `tokenable_type`, so that a user and a team can have one id.
 * Besides `expires_at` the setting `expiration` ends every token so many minutes after `created_at` (Guard,
 * isValidAccessToken): the table does not show that. Times are in the zone of the application, by default UTC.
 */
export const sanctum: SourceReader = { read: readSanctum }

const FORMAT: DigestFormat = { algorithm: 'sha256', input: 'after-first-pipe' }

function* readSanctum({ line, fields, options }: SourceItem) {
  const createdAt = fields.time('s', 'created_at')
  const type = fields.text('tokenable_type')
  yield {
    line,
    source: 'sanctum' as const,
    hash: fields.text('token'),
    format: options.format ?? FORMAT,
    externalUserId: ownerOf(type, fields.text('tokenable_id')),
    description: fields.text('name'),
    permissions: abilitiesOf(fields.json('abilities'), options.permissionArea),
    expiresAt: endOf(fields.time('s', 'expires_at'), createdAt, options.expirationMinutes),
    createdAt,
    rest: [['tokenable_type', type] as [string, unknown], ...fields.rest()],
  }
}

function ownerOf(type: string | undefined, id: string | undefined): string | undefined {
  const model = type?.split('\\').at(-1)
  return id === undefined || model === undefined || /^users?$/i.test(model) ? id : `${model}:${id}`
}

function abilitiesOf(value: unknown, area: string | undefined): string[] | undefined {
  // Without a list a token can do nothing there.
  if (value === undefined) return []
  if (!Array.isArray(value))
    throw new RowRefusal('its abilities are no list in JSON, such as ["orders:read"].')
  return foreignPermissions(value.map(String), area)
}

function endOf(
  expiresAt: string | undefined,
  createdAt: string | undefined,
  expirationMinutes: number | undefined,
): string | undefined {
  if (expirationMinutes === undefined) return expiresAt
  if (createdAt === undefined) throw new RowRefusal('it has no created_at, from which its end counts.')
  const end = new Date(Date.parse(createdAt) + expirationMinutes * 60_000).toISOString()
  return expiresAt !== undefined && expiresAt < end ? expiresAt : end
}
