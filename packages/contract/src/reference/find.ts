import type { OpenApiDocument, Reference } from '../openapi/document.ts'

/** What a part of the document is, or what it refers to. Throws TypeError for a reference that leads nowhere. */
export function find<Found extends object>(document: OpenApiDocument, part: Found | Reference): Found {
  if (!('$ref' in part) || typeof part.$ref !== 'string') return part as Found
  const path = part.$ref.split('/').slice(1)
  const found = path.reduce<unknown>(
    (value, name) => (value as Record<string, unknown> | undefined)?.[name],
    document,
  )
  if (typeof found !== 'object' || found === null) throw new TypeError(`${part.$ref} leads nowhere`)
  return found as Found
}
