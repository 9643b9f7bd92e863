import type { Draft } from './build-row.ts'

/**
 * Metadata is returned with every verification: what holds a secret of the owner stays out of it, with a note. `isSecret`
 * tells which names are secrets by themselves; of all others the values are looked through.
 */
export function withoutSecrets(
  source: Draft['source'],
  rest: readonly (readonly [string, unknown])[],
  isSecret: RegExp,
): { readonly rest: (readonly [string, unknown])[]; readonly notes: string[] } {
  const kept: (readonly [string, unknown])[] = []
  const notes: string[] = []
  for (const field of rest) {
    const [name, value] = field
    if (isSecret.test(name) || holdsSecret(value, SECRET.test(name), 0)) {
      notes.push(`${source}.${name.slice(0, NAME_LENGTH_MAX)} is left out: it may hold secrets.`)
    } else kept.push(field)
  }
  return { rest: kept, notes }
}

const SECRET =
  /secret|passw|passphrase|token|private|authorization|credential|cookie|hmac|(?:api|access)[-_]?key/i
/** A header as plugins write one. */
const HEADER = /^\s*([\w-]+)\s*[:=]/
const SCHEME = /\b(?:bearer|basic) +\S/i

/** What lies deeper than plugins are configured is not looked through, and so not kept. */
const DEPTH_MAX = 16
const NAME_LENGTH_MAX = 100

function holdsSecret(value: unknown, isNamedSo: boolean, depth: number): boolean {
  if (typeof value === 'string') {
    return value !== '' && (isNamedSo || SECRET.test(HEADER.exec(value)?.[1] ?? '') || SCHEME.test(value))
  }
  if (typeof value === 'number') return isNamedSo && value !== 0
  if (typeof value !== 'object' || value === null) return false
  if (depth >= DEPTH_MAX) return true
  return Array.isArray(value)
    ? value.some((each) => holdsSecret(each, isNamedSo, depth + 1))
    : Object.entries(value).some(([name, each]) =>
        holdsSecret(each, isNamedSo || SECRET.test(name), depth + 1),
      )
}
