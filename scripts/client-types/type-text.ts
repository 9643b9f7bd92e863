import type { SchemaObject } from '@latchkey/contract/openapi/document'

type Schema = Readonly<Record<string, unknown>>

/** A schema with a name, as TypeScript declares it. */
export function declarationOf(name: string, schema: SchemaObject): string {
  const text = typeText(schema)
  const doc = docOf(schema, '')
  return text.startsWith('{') && text.endsWith('}') && isObjectOnly(schema)
    ? `${doc}export interface ${name} ${text}`
    : `${doc}export type ${name} = ${text}`
}

/** The type of a value that the schema admits. Throws for what it cannot say, so that nothing is printed too wide. */
export function typeText(schema: unknown, indent = ''): string {
  const { $ref, enum: values, const: constant, anyOf, oneOf, type } = schema as Schema
  if (typeof $ref === 'string') return $ref.slice($ref.lastIndexOf('/') + 1)
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(' | ')
  if (constant !== undefined) return JSON.stringify(constant)
  const choices = anyOf ?? oneOf
  if (Array.isArray(choices)) return choices.map((choice) => typeText(choice, indent)).join(' | ')
  const names: unknown[] = Array.isArray(type) ? type : [type]
  return names.map((name) => named(name, schema as Schema, indent)).join(' | ')
}

function named(name: unknown, schema: Schema, indent: string): string {
  switch (name) {
    case 'string':
    case 'boolean':
    case 'null':
      return name
    case 'integer':
    case 'number':
      return 'number'
    case 'array':
      return arrayText(typeText(schema.items, indent))
    case 'object':
      return objectText(schema, indent)
    default:
      throw new TypeError(`no type can be printed of ${JSON.stringify(schema)}`)
  }
}

const arrayText = (item: string) => (/[|{]/.test(item) ? `ReadonlyArray<${item}>` : `readonly ${item}[]`)

function objectText({ properties, required, additionalProperties }: Schema, indent: string): string {
  if (properties === undefined) {
    const value =
      typeof additionalProperties === 'object' ? typeText(additionalProperties, indent) : 'unknown'
    return `Record<string, ${value}>`
  }
  const inside = `${indent}  `
  const must = Array.isArray(required) ? required : []
  const lines = Object.entries(properties as Record<string, Schema>).map(([name, schema]) => {
    const mark = must.includes(name) ? '' : '?'
    return `${docOf(schema, inside)}${inside}${name}${mark}: ${typeText(schema, inside)}\n`
  })
  return `{\n${lines.join('')}${indent}}`
}

/** Its description as a comment, over the line it belongs to. */
function docOf(schema: unknown, indent: string): string {
  const { description } = schema as Schema
  return typeof description === 'string' ? `${indent}/** ${description.replaceAll('*/', '* /')} */\n` : ''
}

const isObjectOnly = ({ type, properties }: Schema): boolean => type === 'object' && properties !== undefined
