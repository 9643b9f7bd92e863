import { parseDigestFormat } from '@latchkey/core/digest-format'
import { type Fields, plainName } from '../fields.ts'
import { ownPermissions } from '../foreign-permissions.ts'
import type { SourceName, SourceStatus } from '../import-row.ts'
import type { SourceItem, SourceReader } from '../reader.ts'
import { RowRefusal } from '../source-error.ts'

/** Files written for the import, with the names of the body that creates a key: those of `GENERAL_FIELDS`. */
export const csv: SourceReader = { read: (item) => [readGeneral(item, 'csv')] }
export const ndjson: SourceReader = { read: (item) => [readGeneral(item, 'ndjson')] }

function readGeneral({ line, fields, options }: SourceItem, source: SourceName) {
  const own = ownNames(options.metadataColumns)
  const mode = fields.text(...own('mode')) ?? 'live'
  if (mode !== 'live' && mode !== 'test') throw new RowRefusal('its mode must be live or test.')
  const format = fields.text(...own('format'))
  const parsed = format === undefined ? options.format : parseDigestFormat(format)
  if (parsed !== undefined && 'detail' in parsed) throw new RowRefusal(`its format ${parsed.detail}`)
  const permissions = permissionsOf(fields.json(...own('permissions')))
  return {
    line,
    source,
    key: fields.text('key'),
    hash: fields.text('hash'),
    format: parsed,
    userId: fields.text(...own('userId')),
    externalUserId: fields.text(...own('externalUserId')),
    description: fields.text(...own('description')),
    permissions: permissions === undefined ? undefined : ownPermissions(permissions),
    whitelistedIPs: addressesOf(fields.json(...own('whitelistedIPs'))),
    expiresAt: fields.time('s', ...own('expiresAt')),
    createdAt: fields.time('s', ...own('createdAt')),
    mode: mode as 'live' | 'test',
    status: statusOf(fields, own),
    rateLimits: limitOf('rateLimits', fields.json(...own('rateLimits'))),
    quota: limitOf('quota', fields.json(...own('quota'))),
    prefix: fields.text(...own('prefix')),
    lastFour: fields.text(...own('lastFour')),
    metadata: fields.json(...own('metadata')),
    rest: fields.rest(),
    restPrefix: '',
  }
}

/** Which field of the file is one of a key: what somebody means as metadata is none, whatever its name. */
type OwnNames = (name: string) => string[]

function ownNames(metadataColumns: readonly string[] | undefined): OwnNames {
  if (metadataColumns === undefined) return (name) => [name]
  const meant = metadataColumns.map(plainName)
  return (name) => (meant.includes(plainName(name)) ? [] : [name])
}

const WRITTEN = {
  rateLimits: '[{"name":"per-minute","limit":100,"windowSeconds":60}]',
  quota: '{"limit":10000,"period":"month"}',
}

/** A cell holds them as JSON; what they may be is judged where the row is built. */
function limitOf(name: keyof typeof WRITTEN, value: unknown): unknown {
  if (typeof value !== 'string') return value
  throw new RowRefusal(
    `its ${name} cannot be read: write JSON such as ${WRITTEN[name]}, with straight quotes.`,
  )
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

function statusOf(fields: Fields, own: OwnNames): SourceStatus {
  const named = fields
    .text(...own('status'))
    ?.trim()
    .toLowerCase()
  const status = named === undefined ? 'active' : STATUSES.get(named)
  if (status === undefined) throw new RowRefusal('its status must be active, disabled or deleted.')
  const isEnabled = fields.flag(...own('enabled')) ?? true
  return status === 'active' && !isEnabled ? 'disabled' : status
}
