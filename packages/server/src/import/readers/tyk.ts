import type { DigestFormat } from '@latchkey/core/digest-format'
import { createFields, type Fields } from '../fields.ts'
import { foreignPermissions } from '../foreign-permissions.ts'
import { isObject } from '../is-object.ts'
import type { SourceItem, SourceReader } from '../reader.ts'
import { RowRefusal } from '../source-error.ts'

/**
 * Sessions of Tyk's Redis, one JSON object a key: its name `apikey-…` as `key` (or `key_hash`), the session as `value`
 * (or `data`), as redis-dump writes them. What follows `apikey-` is the hash of the whole text in hexadecimal (TykTechnologies/tyk,
 * storage/hash.go): 64 digits are SHA-256, fewer are Murmur, the default; with `hash_keys: false` it is the text.
 * `expires` is in seconds, and 0 or less is never; `is_inactive` turns a key off (user/session.go). What a key may do is
 * in `access_rights` by API and in `apply_policies`: it comes in as `api:ID` and `policy:ID`. The same store holds logins,
 * OAuth tokens and secrets of JWT and HMAC, which are no keys.
 */
export const tyk: SourceReader = { read: readTyk, lists: ['keys', 'data'], isTextSource: true }

const FORMAT: DigestFormat = { algorithm: 'sha256', input: 'whole' }

function* readTyk({ line, fields, options }: SourceItem) {
  const name = fields.text('key_hash', 'hash', 'key', 'key_id')
  if (name === undefined) throw new RowRefusal('it has no key, such as apikey-… of Redis.')
  const value = fields.json('value', 'data', 'session')
  const ttl = fields.number('ttl')
  const session = isObject(value) ? createFields(new Map(Object.entries(value))) : fields
  checkKind(session)
  const stored = name.replace(/^.*?apikey-/, '')
  const expires = session.number('expires') ?? 0
  yield {
    line,
    source: 'tyk' as const,
    ...presentedOf(stored, options.format ?? FORMAT),
    externalUserId: undefined,
    description: session.text('alias'),
    permissions: rightsOf(session, options.permissionArea),
    expiresAt: endOf(expires, ttl, options.exportedAtMs),
    createdAt: session.time('s', 'date_created'),
    status: session.flag('is_inactive') === true ? ('disabled' as const) : ('active' as const),
    metadata: session.json('meta_data'),
    rest: session.rest().filter(([, kept]) => kept !== 0 && kept !== false && !isEmpty(kept)),
  }
}

function presentedOf(stored: string, format: DigestFormat) {
  if (/^[0-9a-f]{64}$/i.test(stored)) return { hash: stored, format }
  if (/^(?:[0-9a-f]{8}|[0-9a-f]{16}|[0-9a-f]{32})$/i.test(stored)) {
    throw new RowRefusal(
      'its hash is of Murmur, a checksum: other texts with the same one are found in moments. Set hash_key_function to ' +
        'sha256 there for new keys, or import the texts.',
    )
  }
  return { key: stored }
}

const isEmpty = (value: unknown): boolean =>
  value === '' ||
  (Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0)

const OTHERS: readonly (readonly [(session: Fields) => boolean, string])[] = [
  [(session) => hasText(session.json('basic_auth_data'), 'password'), 'a login with a password'],
  [(session) => hasText(session.json('jwt_data'), 'secret'), 'the secret of JSON Web Tokens'],
  [(session) => session.flag('hmac_enabled') === true, 'a secret of HMAC signatures'],
  [(session) => session.text('oauth_client_id') !== undefined, 'a token of OAuth'],
]

function checkKind(session: Fields): void {
  const kind = OTHERS.find(([isOther]) => isOther(session))?.[1]
  if (kind !== undefined) throw new RowRefusal(`this is ${kind}, not an API key.`)
}

const hasText = (value: unknown, name: string): boolean =>
  isObject(value) && typeof value[name] === 'string' && value[name] !== ''

function rightsOf(session: Fields, area: string | undefined): string[] | undefined {
  const rights = session.json('access_rights')
  const apis = isObject(rights) ? Object.keys(rights).map((id) => `api:${id.toLowerCase()}`) : []
  const single = session.text('apply_policy_id')
  const policies = session.json('apply_policies')
  const all =
    Array.isArray(policies) && policies.length > 0
      ? policies.map(String)
      : single === undefined
        ? []
        : [single]
  // A key without either may do everything there.
  const names = [...apis, ...all.map((id) => `policy:${id.toLowerCase()}`)]
  return names.length === 0 ? undefined : foreignPermissions(names, area)
}

/** The earlier of the session's own end and of Redis', which forgets it then. */
function endOf(
  expires: number,
  ttl: number | undefined,
  exportedAtMs: number | undefined,
): string | undefined {
  const ends = expires > 0 ? [expires * 1_000] : []
  if (ttl !== undefined && ttl > 0) {
    if (exportedAtMs === undefined) {
      throw new RowRefusal(
        'its ttl counts from the moment of the export: say when that was, as with --exported-at.',
      )
    }
    ends.push(exportedAtMs + ttl * 1_000)
  }
  return ends.length === 0 ? undefined : new Date(Math.min(...ends)).toISOString()
}
