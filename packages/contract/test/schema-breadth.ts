import { isDeepStrictEqual } from 'node:util'
import { type Json, objectAt } from './json.ts'

/**
 * Why an instance of `offered` might not be an instance of `accepting`; empty when every one is. Knows the
 * keywords used here; of any other in `accepting` it says that it cannot tell, so that nothing passes unseen.
 */
export function refusals(accepting: Json, offered: Json, path: string): string[] {
  const shared = [...typesOf(offered)].filter((type) => isAccepted(accepting, type))
  const strange = [...typesOf(offered)].filter((type) => !isAccepted(accepting, type))
  return [
    ...strange.map((type) => `${path}: type ${type} is not accepted`),
    ...valueRefusals(accepting, offered, path),
    ...BOUNDS.filter(({ types }) => types.some((type) => shared.includes(type))).flatMap((bound) =>
      boundRefusals(bound, accepting, offered, path),
    ),
    ...(shared.includes('array') ? itemRefusals(accepting, offered, path) : []),
    ...(shared.includes('object') ? propertyRefusals(accepting, offered, path) : []),
    ...unknownRefusals(accepting, offered, path),
  ]
}

const ALL_TYPES = ['null', 'boolean', 'object', 'array', 'number', 'string', 'integer']

function typesOf({ type }: Json): Set<string> {
  if (type === undefined) return new Set(ALL_TYPES)
  return new Set((Array.isArray(type) ? type : [type]).map(String))
}

const isAccepted = (accepting: Json, type: string): boolean =>
  typesOf(accepting).has(type) || (type === 'integer' && typesOf(accepting).has('number'))

function valuesOf(schema: Json): readonly unknown[] | undefined {
  if ('const' in schema) return [schema.const]
  return schema.enum as readonly unknown[] | undefined
}

function valueRefusals(accepting: Json, offered: Json, path: string): string[] {
  const accepted = valuesOf(accepting)
  if (accepted === undefined) return []
  const values = valuesOf(offered)
  if (values === undefined) return [`${path}: only ${accepted.join(', ')} is accepted`]
  return values
    .filter((value) => !accepted.includes(value))
    .map((value) => `${path}: ${value} is not accepted`)
}

type Bound = { readonly keyword: string; readonly types: readonly string[]; readonly isUpper: boolean }
const BOUNDS: readonly Bound[] = [
  { keyword: 'minimum', types: ['integer', 'number'], isUpper: false },
  { keyword: 'maximum', types: ['integer', 'number'], isUpper: true },
  { keyword: 'minLength', types: ['string'], isUpper: false },
  { keyword: 'maxLength', types: ['string'], isUpper: true },
  { keyword: 'minItems', types: ['array'], isUpper: false },
  { keyword: 'maxItems', types: ['array'], isUpper: true },
  { keyword: 'minProperties', types: ['object'], isUpper: false },
  { keyword: 'maxProperties', types: ['object'], isUpper: true },
]

function boundRefusals({ keyword, isUpper }: Bound, accepting: Json, offered: Json, path: string): string[] {
  const open = isUpper ? Number.POSITIVE_INFINITY : keyword === 'minimum' ? Number.NEGATIVE_INFINITY : 0
  const limit = Number(accepting[keyword] ?? open)
  // What no JSON reader can be trusted to tell from its neighbour (RFC 8259 §6) is no tighter bound.
  if (keyword === 'maximum' && limit >= Number.MAX_SAFE_INTEGER) return []
  const reach = Number(offered[keyword] ?? open)
  return (isUpper ? reach > limit : reach < limit) ? [`${path}: ${keyword} ${limit} is tighter`] : []
}

function itemRefusals(accepting: Json, offered: Json, path: string): string[] {
  if (accepting.items === undefined) return []
  return refusals(objectAt(accepting.items), objectAt(offered.items), `${path}/*`)
}

function propertyRefusals(accepting: Json, offered: Json, path: string): string[] {
  const known = objectAt(accepting.properties)
  const given = objectAt(offered.properties)
  const promised = (offered.required ?? []) as readonly string[]
  const required = ((accepting.required ?? []) as readonly string[]).filter(
    (name) => !promised.includes(name),
  )
  const isOpen = offered.additionalProperties !== false
  const unsaid = Object.keys(known).filter((name) => isOpen && !Object.hasOwn(given, name))
  return [
    ...required.map((name) => `${path}/${name}: is required`),
    ...unsaid.map((name) => `${path}/${name}: is not declared`),
    ...Object.entries(given).flatMap(([name, schema]) => {
      const place = `${path}/${name}`
      if (Object.hasOwn(known, name)) return refusals(objectAt(known[name]), objectAt(schema), place)
      const { additionalProperties = true } = accepting
      if (additionalProperties === true) return []
      if (additionalProperties === false) return [`${place}: is an unknown field`]
      return refusals(objectAt(additionalProperties), objectAt(schema), place)
    }),
  ]
}

/** Compared above, or says nothing about what is valid. */
const UNDERSTOOD = new Set([
  ...['type', 'enum', 'const', 'items', 'properties', 'required', 'additionalProperties'],
  ...BOUNDS.map(({ keyword }) => keyword),
  ...['title', 'description', 'examples', 'default'],
])

function unknownRefusals(accepting: Json, offered: Json, path: string): string[] {
  return Object.entries(accepting)
    .filter(([keyword, value]) => !UNDERSTOOD.has(keyword) && !isDeepStrictEqual(offered[keyword], value))
    .map(([keyword, value]) => `${path}: ${keyword} ${JSON.stringify(value)} is not given`)
}
