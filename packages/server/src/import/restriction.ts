import { isObject } from './is-object.ts'
import { RowRefusal } from './source-error.ts'

/**
 * The addresses that a gateway's plugin of the consumer allows; undefined: it restricts nothing. Throws RowRefusal for
 * a list of what is not allowed, which would be lost.
 */
export function restrictionOf(config: unknown, allowName: string, denyName: string): string[] | undefined {
  if (config === undefined || config === null) return undefined
  if (!isObject(config)) throw new RowRefusal(NO_LIST)
  const allowed = listOf(config[allowName])
  if (listOf(config[denyName]).length > 0) {
    throw new RowRefusal(
      'its owner has a list of addresses that are not allowed, which a key here cannot have: make it a list of those ' +
        'that are, and export again.',
    )
  }
  return allowed.length === 0 ? undefined : allowed
}

const NO_LIST = 'its owner has a restriction to addresses that is no list: mend it there, and export again.'

function listOf(value: unknown): string[] {
  if (value === undefined || value === null || (isObject(value) && Object.keys(value).length === 0)) return []
  if (!Array.isArray(value)) throw new RowRefusal(NO_LIST)
  return value.map(String)
}
