import { isObject } from './is-object.ts'
import { RowRefusal } from './source-error.ts'

/**
 * The addresses that a gateway's plugin of the consumer allows; undefined: it restricts nothing. Throws RowRefusal for
 * a list of what is not allowed, which would be lost.
 */
export function restrictionOf(config: unknown, allowName: string, denyName: string): string[] | undefined {
  if (!isObject(config)) return undefined
  const allowed = listOf(config[allowName])
  if (listOf(config[denyName]).length > 0) {
    throw new RowRefusal(
      'its owner has a list of addresses that are not allowed, which a key here cannot have: make it a list of those ' +
        'that are, and export again.',
    )
  }
  return allowed.length === 0 ? undefined : allowed
}

const listOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [])
