import { isId, type KeyId } from '@latchkey/core/ids'
import { Type } from 'typebox'
import { createQueryValidator } from '../schema/validation.ts'
import { type Incoming, urlOf } from '../wire/incoming.ts'
import { parseQuery } from '../wire/query.ts'
import { parseTarget } from '../wire/request-target.ts'

/** A page of the list has no more keys. */
const KEYS_MAX = 100

const KeysQuery = Type.Object(
  { keys: Type.String({ minLength: 1, maxLength: KEYS_MAX * 32, description: 'Ids of keys, with commas.' }) },
  { additionalProperties: false },
)

const validate = createQueryValidator(KeysQuery)

/** The keys of a page of the list, about which the console asks at once. What is no id names none. */
export function askedKeysOf(request: Incoming): KeyId[] {
  const { query, faults } = parseQuery(parseTarget(urlOf(request))?.query ?? '', KeysQuery)
  validate(query, faults)
  return String(query.keys)
    .split(',')
    .slice(0, KEYS_MAX)
    .filter((id): id is KeyId => isId('key', id))
}
