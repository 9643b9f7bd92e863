import type { DigestFormat } from '@latchkey/core/digest-format'
import { createFields, type Fields } from '../fields.ts'
import { isObject } from '../is-object.ts'
import type { SourceItem, SourceReader } from '../reader.ts'
import { RowRefusal } from '../source-error.ts'

/**
 * Two tables of Django, as CSV, JSON, or `manage.py dumpdata`. djangorestframework-api-key keeps `prefix`, `hashed_key`,
 * `created`, `name`, `revoked` (for good) and `expiry_date`; from version 3 the hash is SHA-512 of the whole text
 * `prefix.secret`, written `sha512$$…` (florimondmanca/djangorestframework-api-key, crypto.py); before that it is a
 * password hash, which version 3 replaces when the key is next used. Django REST framework's own `authtoken_token` keeps
 * the text itself, 40 hexadecimal digits, as `key`, with `user_id` and `created` (rest_framework/authtoken/models.py).
 */
export const drf: SourceReader = { read: readDrf, isTextSource: true }

const FORMAT: DigestFormat = { algorithm: 'sha512', input: 'whole' }

function* readDrf({ line, fields: found, options }: SourceItem) {
  const fields = fixtureFields(found)
  const hash = fields.text('hashed_key')
  if (hash === undefined) {
    const key = fields.text('key')
    const externalUserId = fields.text('user_id', 'user')
    yield {
      line,
      source: 'drf' as const,
      key,
      externalUserId,
      createdAt: fields.time('s', 'created'),
      rest: fields.rest(),
    }
    return
  }
  if (/^(?:pbkdf2|argon2|bcrypt|scrypt)/.test(hash)) {
    throw new RowRefusal(
      'its hash is a slow one of djangorestframework-api-key before version 3, by which no key can be found: version 3 ' +
        'replaces it when the key is next used. Upgrade there, wait, and export again.',
    )
  }
  // `id` is prefix and hash once more.
  fields.text('id', 'pk')
  yield {
    line,
    source: 'drf' as const,
    hash,
    format: options.format ?? FORMAT,
    externalUserId: fields.text('user_id', 'user', 'owner_id', 'organization_id'),
    description: fields.text('name'),
    expiresAt: fields.time('s', 'expiry_date'),
    createdAt: fields.time('s', 'created'),
    status: fields.flag('revoked') === true ? ('deleted' as const) : ('active' as const),
    prefix: fields.text('prefix'),
    rest: fields.rest(),
  }
}

/**
 * `{"model": …, "pk": …, "fields": {…}}` of dumpdata, laid flat. It may hold any model, and only one keeps the text of a
 * token where others keep a number.
 */
function fixtureFields(fields: Fields): Fields {
  const inner = fields.json('fields')
  if (!isObject(inner)) return fields
  const model = fields.text('model') ?? ''
  const pk = fields.text('pk')
  if (/^authtoken\.token(?:proxy)?$/i.test(model))
    return createFields(new Map(Object.entries({ ...inner, key: pk })))
  if ('hashed_key' in inner) return createFields(new Map(Object.entries({ pk, ...inner })))
  throw new RowRefusal(
    'its model is neither authtoken.token nor one with a hashed_key, so that it is no API key: leave it out.',
  )
}
