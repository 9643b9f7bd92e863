import { nearest } from '@latchkey/core/nearest'
import { plainName } from './fields.ts'
import type { SourceName } from './import-row.ts'
import { SourceError } from './source-error.ts'

/**
 * Judges the fields of a source: of CSV its header, of JSON each item, as these may differ. The first must have those of
 * the source; of a later one that lacks them only that one is refused, where it is read. None may have what would become
 * a key that can do more than it could. Throws SourceError.
 */
export function createFieldCheck(
  source: SourceName,
  metadataColumns: readonly string[],
): (line: number, names: readonly string[]) => void {
  const isGeneral = source === 'csv' || source === 'ndjson'
  const meant = new Set([...GENERAL_FIELDS, ...metadataColumns].map(plainName))
  const seen = new Set<string>()
  let isFirst = true
  return (line, names) => {
    if (isFirst) checkColumns(source, line, names)
    isFirst = false
    if (source === 'unkey') checkUnkeyColumns(line, names)
    if (!isGeneral) return
    for (const name of names) {
      if (seen.has(name)) continue
      checkLimitingColumn(line, name, meant)
      if (seen.size < SEEN_MAX && name.length <= SEEN_LENGTH_MAX) seen.add(name)
    }
  }
}

/** Some 300 KB at worst. What is not among them is judged again. */
const SEEN_MAX = 1_000
const SEEN_LENGTH_MAX = 100

/** What the fields of a source's items are called at least; each line one of the shapes it comes in. */
const REQUIRED: Readonly<Record<SourceName, readonly (readonly string[])[]>> = {
  'better-auth': [
    ['key', 'userId'],
    ['key', 'referenceId'],
  ],
  unkey: [
    ['hash', 'start'],
    ['keyId', 'start'],
  ],
  kong: [['key', 'consumer_id'], ['key', 'consumer'], ['keyauth_credentials'], ['username'], ['custom_id']],
  tyk: [['key'], ['key_hash'], ['key_id'], ['hash']],
  apisix: [['key', 'value'], ['plugins'], ['username']],
  aws: [
    ['name', 'key'],
    ['id', 'value'],
  ],
  sanctum: [['tokenable_id', 'token', 'abilities']],
  drf: [
    ['prefix', 'hashed_key', 'revoked'],
    ['key', 'user_id'],
    ['key', 'user'],
    ['pk', 'model', 'fields'],
  ],
  csv: [['key'], ['hash']],
  ndjson: [['key'], ['hash']],
}

/** Which columns only one source has. */
const TELLING: readonly (readonly [SourceName, readonly string[]])[] = [
  ['better-auth', ['key', 'start', 'rateLimitEnabled']],
  ['unkey', ['hash', 'start', 'key_auth_id']],
  ['sanctum', ['tokenable_type', 'token', 'abilities']],
  ['drf', ['hashed_key', 'revoked', 'prefix']],
  ['kong', ['key', 'consumer_id']],
  ['aws', ['key', 'usagePlanIds']],
]

/** Throws SourceError when items with these fields are not those of the source. */
function checkColumns(source: SourceName, line: number, columns: readonly string[]): void {
  const plain = columns.map(plainName)
  const has = (names: readonly string[]) => names.every((name) => plain.includes(plainName(name)))
  const other = TELLING.find(([name, names]) => name !== source && has(names))
  const isGeneral = source === 'csv' || source === 'ndjson'
  if (REQUIRED[source].some(has) && (isGeneral || other === undefined)) return
  const wanted = REQUIRED[source].map((names) => names.join(', ')).join('; or ')
  const hint = other === undefined ? '' : ` They look like those of ${other[0]}: say --from ${other[0]}.`
  throw new SourceError(
    line,
    `these are not the fields of ${source}, which has ${wanted}. Here are ${columns.slice(0, 12).map(shownName).join(', ')}.${hint}`,
  )
}

/** A name that is as long as a key may be one: the first line of a file without names holds keys. */
const shownName = (name: string): string =>
  name.length < NAME_LENGTH_MAX ? name : `a text of ${name.length.toLocaleString('en')} characters`

const NAME_LENGTH_MAX = 20

/** The table needs what is in others. Keys of the API come with their permissions. */
function checkUnkeyColumns(line: number, columns: readonly string[]): void {
  const plain = columns.map(plainName)
  if (!plain.includes('hash') || !plain.includes('start') || plain.includes('permissions')) return
  throw new SourceError(
    line,
    'the column permissions is missing, and Unkey keeps them in tables of their own: export with the query in ' +
      'docs/use/moving-in.md, which joins them, or no key could do anything.',
  )
}

/** The fields of a row of a csv or ndjson file. */
const GENERAL_FIELDS = [
  'key',
  'hash',
  'format',
  'userId',
  'externalUserId',
  'description',
  'permissions',
  'whitelistedIPs',
  'expiresAt',
  'createdAt',
  'mode',
  'status',
  'enabled',
  'rateLimits',
  'quota',
  'prefix',
  'lastFour',
  'metadata',
]

/** Names others give to what limits a key: as metadata they would limit nothing. */
const LIMITING: Readonly<Record<string, string>> = {
  allowlist: 'whitelistedIPs',
  whitelist: 'whitelistedIPs',
  ipwhitelist: 'whitelistedIPs',
  allowedips: 'whitelistedIPs',
  iprestrictions: 'whitelistedIPs',
  ips: 'whitelistedIPs',
  scope: 'permissions',
  scopes: 'permissions',
  abilities: 'permissions',
  grants: 'permissions',
  expires: 'expiresAt',
  expiry: 'expiresAt',
  expirydate: 'expiresAt',
  expiration: 'expiresAt',
  expirationdate: 'expiresAt',
  validuntil: 'expiresAt',
  validto: 'expiresAt',
  ttl: 'expiresAt',
  revoked: 'status',
  revokedat: 'status',
  disabled: 'enabled',
  active: 'enabled',
  isactive: 'enabled',
  deleted: 'status',
  deletedat: 'status',
  state: 'status',
  limits: 'rateLimits',
  quotas: 'quota',
  usagequota: 'quota',
  dailyquota: 'quota',
  monthlyquota: 'quota',
}

function checkLimitingColumn(line: number, column: string, meant: ReadonlySet<string>): void {
  const plain = plainName(column)
  if (meant.has(plain)) return
  const field = Object.hasOwn(LIMITING, plain) ? LIMITING[plain] : nearest(column, LIMITS)
  if (field === undefined) return
  throw new SourceError(
    line,
    `the field ${column.slice(0, 60)} would become metadata and limit nothing: rename it to ${field}, with values as ` +
      `POST /keys takes them, or say --metadata-column ${column.slice(0, 60)}.`,
  )
}

const LIMITS = ['whitelistedIPs', 'permissions', 'expiresAt', 'enabled', 'status', 'rateLimits']
