import type { SchemaObject } from '../openapi/document.ts'

/** What a value may be, in a few words: `array of text or null`. */
export function typeText(schema: SchemaObject): string {
  const values = schema.const === undefined ? schema.enum : [schema.const]
  if (values !== undefined) return values.map((value) => JSON.stringify(value)).join(' | ')
  const types = [schema.type ?? 'any'].flat()
  return types.map((type) => oneType(type, schema)).join(' or ')
}

function oneType(type: string, { format, items, additionalProperties }: SchemaObject): string {
  if (type === 'string') return FORMATS[format ?? ''] ?? 'string'
  if (type === 'array') return items === undefined ? 'array' : `array of ${typeText(items)}`
  if (type === 'object' && typeof additionalProperties === 'object')
    return `object of ${typeText(additionalProperties)}`
  return type
}

const FORMATS: Readonly<Record<string, string>> = {
  'date-time': 'date-time',
  date: 'date',
  email: 'email address',
  'uri-reference': 'URL',
}

/** Its limits and its default: `1 to 100, default 25`; empty when it has none. */
export function limitsText(schema: SchemaObject): string {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, maxProperties } = schema
  const isOpen = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER
  return [
    range(minimum, isOpen ? undefined : maximum, ''),
    range(minLength, maxLength, 'characters'),
    range(minItems, maxItems, 'entries'),
    range(undefined, maxProperties, 'names'),
    schema.default === undefined ? '' : `default ${JSON.stringify(schema.default)}`,
  ]
    .filter((text) => text !== '')
    .join(', ')
}

function range(least: number | undefined, most: number | undefined, unit: string): string {
  const figures =
    least !== undefined && most !== undefined
      ? `${least} to ${most}`
      : most !== undefined
        ? `at most ${most}`
        : least !== undefined
          ? `${least} or more`
          : ''
  return figures === '' || unit === '' ? figures : `${figures} ${unit}`
}
