/** Parsed JSON or YAML of a document that nothing is known of yet. */
export type Json = { readonly [name: string]: unknown }

/** The object in a field; an empty one when there is none, so that what is missing is found missing. */
export function objectAt(value: unknown, ...path: readonly string[]): Json {
  let found: unknown = value
  for (const name of path) found = (found as Json | undefined)?.[name]
  return typeof found === 'object' && found !== null ? (found as Json) : {}
}

/** The document with every $ref replaced by what it means. Throws for one that leads nowhere. */
export function dereference(document: Json): Json {
  const resolve = (value: unknown, depth: number): unknown => {
    if (depth > 100) throw new Error('a $ref leads to itself')
    if (Array.isArray(value)) return value.map((part) => resolve(part, depth + 1))
    if (typeof value !== 'object' || value === null) return value
    const { $ref } = value as Json
    if (typeof $ref === 'string') return resolve(findReferred(document, $ref), depth + 1)
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, resolve(part, depth + 1)]))
  }
  return resolve(document, 0) as Json
}

function findReferred(document: Json, reference: string): unknown {
  const [root, ...path] = reference.split('/')
  const found = path.reduce<unknown>((value, name) => (value as Json | undefined)?.[name], document)
  if (root !== '#' || found === undefined) throw new Error(`${reference} leads nowhere`)
  return found
}
