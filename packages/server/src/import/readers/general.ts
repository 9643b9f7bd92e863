import { parseDigestFormat } from '@latchkey/core/digest-format'
import type { Fields } from '../fields.ts'
import { ownPermissions } from '../foreign-permissions.ts'
import type { SourceName, SourceStatus } from '../import-row.ts'
import type { SourceItem, SourceReader } from '../reader.ts'
import { RowRefusal } from '../source-error.ts'

/** Files written for the import, with the names of the body that creates a key: those of `GENERAL_FIELDS`. */
export const csv: SourceReader = { read: (item) => [readGeneral(item, 'csv')] }
export const ndjson: SourceReader = { read: (item) => [readGeneral(item, 'ndjson')] }

function readGeneral({ line, fields, options }: SourceItem, source: SourceName) {
  const mode = fields.text('mode') ?? 'live'
  if (mode !== 'live' && mode !== 'test') throw new RowRefusal('its mode must be live or test.')
  const format = fields.text('format')
  const parsed = format === undefined ? options.format : parseDigestFormat(format)
  if (parsed !== undefined && 'detail' in parsed) throw new RowRefusal(`its format ${parsed.detail}`)
  const permissions = permissionsOf(fields.json('permissions'))
  return {
    line,
    source,
    key: fields.text('key'),
    hash: fields.text('hash'),
    format: parsed,
    userId: fields.text('userId'),
    externalUserId: fields.text('externalUserId'),
    description: fields.text('description'),
    permissions: permissions === undefined ? undefined : ownPermissions(permissions),
    whitelistedIPs: addressesOf(fields.json('whitelistedIPs')),
    expiresAt: fields.time('s', 'expiresAt'),
    createdAt: fields.time('s', 'createdAt'),
    mode: mode as 'live' | 'test',
    status: statusOf(fields),
    prefix: fields.text('prefix'),
    lastFour: fields.text('lastFour'),
    metadata: fields.json('metadata'),
    rest: fields.rest(),
    restPrefix: '',
  }
}

function permissionsOf(value: unknown): string[] | undefined {
  if (value === undefined) return undefined
  if (Array.isArray(value)) return value.map(String)
  if (typeof value === 'string') return value.split(/[\s,;]+/).filter((text) => text !== '')
  throw new RowRefusal('its permissions are no list.')
}

/** A text that holds no address is no missing list: that is judged where the row is built. */
function addressesOf(value: unknown): string[] | string | undefined {
  if (value === undefined || typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(String)
  throw new RowRefusal('its whitelistedIPs are no list.')
}

const STATUSES: ReadonlyMap<string, SourceStatus> = new Map([
  ['active', 'active'],
  ['enabled', 'active'],
  ['disabled', 'disabled'],
  ['inactive', 'disabled'],
  ['deleted', 'deleted'],
  ['revoked', 'deleted'],
])

function statusOf(fields: Fields): SourceStatus {
  const named = fields.text('status')?.trim().toLowerCase()
  const status = named === undefined ? 'active' : STATUSES.get(named)
  if (status === undefined) throw new RowRefusal('its status must be active, disabled or deleted.')
  const isEnabled = fields.flag('enabled') ?? true
  return status === 'active' && !isEnabled ? 'disabled' : status
}
