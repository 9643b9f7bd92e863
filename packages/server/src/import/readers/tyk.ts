import type { DigestFormat } from '@latchkey/core/digest-format'
import { createFields, type Fields } from '../fields.ts'
import { foreignPermissions } from '../foreign-permissions.ts'
import { foreignTime } from '../foreign-time.ts'
import { isObject } from '../is-object.ts'
import type { SourceItem, SourceReader } from '../reader.ts'
import { RowRefusal } from '../source-error.ts'
import { withoutSecrets } from '../without-secrets.ts'

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
  const stored = storedOf(fields)
  const value = fields.json('value', 'data', 'session')
  const ttl = fields.number('ttl')
  const session =
    value === undefined ? fields : createFields(new Map(isObject(value) ? Object.entries(value) : []))
  checkKind(session)
  const rights = session.json('access_rights')
  const expires = session.number('expires')
  // The gateway writes both for each session. What lacks them is none, and would be a key without end that may do all.
  if (expires === undefined || (rights === undefined && !(isObject(value) && 'access_rights' in value))) {
    throw new RowRefusal('this is no API key: its value is no session with expires and access_rights.')
  }
  yield {
    line,
    source: 'tyk' as const,
    ...presentedOf(stored, options.format ?? FORMAT),
    externalUserId: undefined,
    description: session.text('alias'),
    permissions: rightsOf(rights, session, options.permissionArea),
    expiresAt: endOf(expires, ttl, options.exportedAtMs),
    createdAt: session.time('s', 'date_created'),
    status: session.flag('is_inactive') === true ? ('disabled' as const) : ('active' as const),
    metadata: session.json('meta_data'),
    ...withoutSecrets(
      'tyk',
      [...finerRightsOf(rights), ...session.rest().filter(([, kept]) => !isNothing(kept))],
      /^hmac_string$/,
    ),
  }
}

/** The hash or the text, by its name in Redis, where much else lies, or as the API of the gateway gives it. */
function storedOf(fields: Fields): string {
  const given = fields.text('key_hash', 'hash', 'key_id')
  const name = fields.text('key')
  if (given !== undefined) return given.replace(/^apikey-/, '')
  if (name === undefined) throw new RowRefusal('it has no key, such as apikey-… of Redis.')
  if (name.startsWith('apikey-')) return name.slice('apikey-'.length)
  throw new RowRefusal(
    'this is no API key: its name in Redis does not begin with apikey-. Where it is no name of Redis, call the field ' +
      'key_hash for a hash, and key_id for a text.',
  )
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

/** As Go writes what is not set. */
const isNothing = (value: unknown): boolean =>
  value === '' ||
  value === 0 ||
  value === false ||
  value === null ||
  (typeof value === 'object' && Object.keys(value).length === 0)

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

function rightsOf(rights: unknown, session: Fields, area: string | undefined): string[] | undefined {
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

/** Lists that narrow a right to a part of its API. */
const NARROWING = ['allowed_urls', 'restricted_types', 'allowed_types', 'field_access_rights']
const NAMING = ['api_id', 'api_name', ...NARROWING]

/** What a right says besides its API. Throws RowRefusal for what makes it narrower than `api:ID` is. */
function finerRightsOf(rights: unknown): [string, unknown][] {
  if (!isObject(rights)) return []
  return Object.entries(rights).flatMap(([id, right]): [string, unknown][] => {
    if (!isObject(right)) return []
    const narrowing = NARROWING.find((name) => !isNothing(right[name] ?? null))
    if (narrowing !== undefined) {
      throw new RowRefusal(
        `its access_rights are for a part of an API only (${narrowing}), and api:ID would be for all of it: give that ` +
          'part an API of its own there, or import the key from a csv file with permissions that you choose.',
      )
    }
    const others = Object.entries(right).filter(
      ([name, value]) => !NAMING.includes(name) && !isPlain(name, value),
    )
    return others.length === 0 ? [] : [[`access_rights.${id}`, Object.fromEntries(others)]]
  })
}

/** An API without versions is written as one with this version. */
const isPlain = (name: string, value: unknown): boolean =>
  name === 'versions' && Array.isArray(value)
    ? value.every((version) => version === 'Default')
    : isNothing(value) || (isObject(value) && Object.values(value).every(isNothing))

/** The earlier of the session's own end and of Redis', which forgets it then. */
function endOf(
  expires: number,
  ttl: number | undefined,
  exportedAtMs: number | undefined,
): string | undefined {
  const ends = expires > 0 ? [foreignTime('expires', expires, 's')] : []
  if (ttl !== undefined && ttl > 0) {
    if (exportedAtMs === undefined) {
      throw new RowRefusal(
        'its ttl counts from the moment of the export: say when that was, as with --exported-at.',
      )
    }
    ends.push(foreignTime('ttl', exportedAtMs + ttl * 1_000, 'ms'))
  }
  return ends.sort()[0]
}
