import type { TSchema } from 'typebox'

/** Elements of a list that are held against the schema together. */
const PIECE_ELEMENTS = 16

type ListSchema = TSchema & {
  readonly type?: unknown
  readonly items?: { readonly type?: unknown }
  readonly minItems?: number
  readonly maxItems?: number
}

/**
 * Splits a body at its one list of objects: each part has some of the elements, and all other fields. The parts are
 * valid exactly when the body is. undefined: the body has no such list, or its list is short or too long.
 */
export type CutIntoPieces = (body: unknown) => Iterable<unknown> | undefined

export function createListCutter(schema: TSchema): CutIntoPieces {
  const { properties = {} } = schema as { readonly properties?: Readonly<Record<string, ListSchema>> }
  const lists = Object.entries(properties).filter(([, { type, items }]) => {
    return type === 'array' && items?.type === 'object'
  })
  const [name, list] = lists[0] ?? []
  if (name === undefined || list === undefined || lists.length > 1 || (list.minItems ?? 0) > 1)
    return () => undefined
  const { maxItems = Number.POSITIVE_INFINITY } = list
  return (body) => {
    if (typeof body !== 'object' || body === null || !Object.hasOwn(body, name)) return undefined
    const elements: unknown = (body as Readonly<Record<string, unknown>>)[name]
    if (!Array.isArray(elements)) return undefined
    if (elements.length <= PIECE_ELEMENTS || elements.length > maxItems) return undefined
    return pieces(body, name, elements)
  }
}

function* pieces(body: object, name: string, elements: readonly unknown[]): Generator<unknown, void> {
  for (let start = 0; start < elements.length; start += PIECE_ELEMENTS) {
    yield { ...body, [name]: elements.slice(start, start + PIECE_ELEMENTS) }
  }
}
