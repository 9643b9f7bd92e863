import fc from 'fast-check'
import { type Json, objectAt } from './json.ts'

/** Generates instances of a dereferenced schema. Throws for what it does not know how to make. */
export function instanceOf(schema: Json): fc.Arbitrary<unknown> {
  if ('const' in schema) return fc.constant(schema.const)
  if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as unknown[]))
  const types = (Array.isArray(schema.type) ? schema.type : [schema.type]).map(String)
  return fc.oneof(...types.map((type) => instanceOfType(type, schema)))
}

function instanceOfType(type: string, schema: Json): fc.Arbitrary<unknown> {
  switch (type) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fc.integer({
        min: numberOr(schema.minimum, -(2 ** 31)),
        max: numberOr(schema.maximum, 2 ** 31 - 1),
      })
    case 'string':
      return textOf(schema)
    case 'array':
      return fc.array(instanceOf(objectAt(schema.items)), {
        minLength: numberOr(schema.minItems, 0),
        maxLength: Math.min(numberOr(schema.maxItems, 5), 5),
      })
    case 'object':
      return objectOf(schema)
    default:
      throw new Error(`cannot make a ${type}`)
  }
}

const numberOr = (value: unknown, otherwise: number): number =>
  typeof value === 'number' ? value : otherwise

function textOf({ format, pattern, minLength, maxLength }: Json): fc.Arbitrary<string> {
  if (typeof pattern === 'string') return fc.stringMatching(new RegExp(pattern))
  if (format === 'date-time')
    return fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })
      .map((at) => at.toISOString())
  if (format === 'date')
    return fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })
      .map((at) => at.toISOString().slice(0, 10))
  if (format !== undefined) throw new Error(`cannot make a text of the format ${format}`)
  return fc.string({ unit: 'binary', minLength: numberOr(minLength, 0), maxLength: numberOr(maxLength, 40) })
}

function objectOf(schema: Json): fc.Arbitrary<unknown> {
  const properties = Object.entries(objectAt(schema.properties)).map(([name, part]) => [
    name,
    instanceOf(objectAt(part)),
  ])
  const requiredKeys = (schema.required ?? []) as string[]
  const { additionalProperties } = schema
  const own = fc.record<Record<string, unknown>>(Object.fromEntries(properties), { requiredKeys })
  if (typeof additionalProperties !== 'object') return own
  return fc.dictionary(fc.string({ minLength: 1 }), instanceOf(objectAt(additionalProperties)), {
    maxKeys: 4,
  })
}
