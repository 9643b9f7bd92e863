import type { TSchema } from 'typebox'

type Shape = {
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly maxLength?: number
  readonly maxItems?: number
  readonly maxProperties?: number
  readonly maximum?: number
  readonly items?: Shape
  readonly properties?: Readonly<Record<string, Shape>>
  readonly propertyNames?: Shape
  readonly additionalProperties?: boolean | Shape
}

/** Four bytes in UTF-8, as none has more; and one, for patterns that know no other. */
const WIDEST = '😀'
const NARROW = 'a'

/** Limits that stand beside the schema, by JSON Pointer; `0` for every element. */
type Limits = Readonly<Record<string, Pick<Shape, 'maxLength' | 'maxItems'>>>

/** The most bytes that a value of a schema can have. Throws for a schema that leaves it open. */
export const largestBody = (schema: TSchema, beside: Limits): string =>
  JSON.stringify(largest(schema as Shape, { path: '', nth: 0, beside }))

type Place = { readonly path: string; readonly nth: number; readonly beside: Limits }

function largest(own: Shape, place: Place): unknown {
  const shape = { ...own, ...place.beside[place.path] }
  if (shape.enum !== undefined) return longest([...shape.enum])
  const types = [shape.type ?? 'object'].flat()
  return longest(types.map((type) => ofType(type, shape, place)))
}

function ofType(type: string, shape: Shape, place: Place): unknown {
  const { path } = place
  if (type === 'null') return null
  if (type === 'boolean') return false
  if (type === 'integer') return bound(shape.maximum, path)
  if (type === 'array') {
    const { items = {} } = shape
    return Array.from({ length: bound(shape.maxItems, path) }, (_, index) =>
      largest(items, { ...place, path: `${path}/0`, nth: index }),
    )
  }
  if (type === 'object') return largestObject(shape, place)
  if (type === 'string') return text(shape, place)
  throw new Error(`${path}: how long can a ${type} be?`)
}

/** Each another one, so that none is a repetition. */
function text({ maxLength, pattern }: Shape, { path, nth }: Place): string {
  const sign = pattern !== undefined && !new RegExp(pattern, 'u').test(WIDEST) ? NARROW : WIDEST
  const number = String(nth)
  return sign.repeat(bound(maxLength, path) - number.length) + number
}

function largestObject(shape: Shape, place: Place): object {
  const { path } = place
  const own = Object.entries(shape.properties ?? {}).map(([name, part]) => [
    name,
    largest(part, { ...place, path: `${path}/${name}`, nth: 0 }),
  ])
  const { additionalProperties: others, propertyNames = {} } = shape
  if (others === false) return Object.fromEntries(own)
  if (typeof others !== 'object') throw new Error(`${path}: takes any field`)
  const added = Array.from({ length: bound(shape.maxProperties, path) }, (_, index) => [
    text(propertyNames, { ...place, path: `${path}/*`, nth: index }),
    largest(others, { ...place, path: `${path}/*`, nth: index }),
  ])
  return Object.fromEntries([...own, ...added])
}

function bound(limit: number | undefined, path: string): number {
  if (limit === undefined) throw new Error(`${path}: has no limit`)
  return limit
}

const longest = (values: unknown[]): unknown =>
  values.toSorted((left, right) => bytesOf(right) - bytesOf(left))[0]

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))
