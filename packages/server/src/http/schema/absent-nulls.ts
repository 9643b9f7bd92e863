import type { TSchema } from 'typebox'

type ObjectSchema = TSchema & {
  readonly type?: unknown
  readonly properties?: Readonly<Record<string, TSchema>>
  readonly required?: readonly string[]
  readonly items?: TSchema
}

/** Takes out of a body what is null and may be absent. */
type Drop = (value: unknown) => void

/**
 * Whoever writes a record with all its fields sends null for those it leaves out. So null is absent wherever a field
 * may be absent and has no meaning of its own for null. undefined: the schema has no such field. In place: a body is
 * nobody else's.
 */
export function createNullDropper(schema: TSchema): Drop | undefined {
  const { properties = {}, required = [], items } = schema as ObjectSchema
  if (items !== undefined) return dropperOfItems(items)
  const optional = Object.keys(properties).filter(
    (name) => !required.includes(name) && !admitsNull(properties[name]!),
  )
  const inner = Object.entries(properties).flatMap(([name, property]) => {
    const drop = createNullDropper(property)
    return drop === undefined ? [] : [[name, drop] as const]
  })
  if (optional.length === 0 && inner.length === 0) return undefined
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return
    const fields = value as Record<string, unknown>
    for (const name of optional) if (fields[name] === null) delete fields[name]
    for (const [name, drop] of inner) if (Object.hasOwn(fields, name)) drop(fields[name])
  }
}

function dropperOfItems(items: TSchema): Drop | undefined {
  const drop = createNullDropper(items)
  if (drop === undefined) return undefined
  return (value) => {
    if (Array.isArray(value)) for (const item of value) drop(item)
  }
}

function admitsNull({ type, enum: values }: ObjectSchema & { readonly enum?: readonly unknown[] }): boolean {
  return type === 'null' || (Array.isArray(type) && type.includes('null')) || values?.includes(null) === true
}
