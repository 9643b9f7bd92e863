import { createShared } from '@latchkey/core/shared'
import { quoted } from '@latchkey/core/shown-value'
import { foreignTime, type TimeUnit } from './foreign-time.ts'
import { isObject } from './is-object.ts'
import { RowRefusal } from './source-error.ts'

/**
 * The fields of one item, each taken once. Names are found whatever their case and underscores: `user_id` is
 * `userId`. What nobody took is `rest`, so that nothing is lost unseen.
 */
export type Fields = {
  /** The first of the names that has a value, as text. Throws RowRefusal for what is neither text nor number. */
  readonly text: (...names: string[]) => string | undefined
  /** Throws RowRefusal for what is neither true nor false. */
  readonly flag: (...names: string[]) => boolean | undefined
  readonly number: (...names: string[]) => number | undefined
  /** Of JSON that is text the value; a text that is no JSON is itself. */
  readonly json: (...names: string[]) => unknown
  /** UTC with milliseconds. Throws RowRefusal for what is no time. */
  readonly time: (unit: TimeUnit, ...names: string[]) => string | undefined
  /** What has not been taken and has a value, by the names in the source. */
  readonly rest: () => [string, unknown][]
}

/** Throws RowRefusal where two of the names are one field, and both have a value: which is meant nobody knows. */
export function createFields(fields: ReadonlyMap<string, unknown>): Fields {
  const left = new Map<string, [string, unknown]>()
  for (const [name, value] of fields) {
    if (value === undefined || value === null) continue
    const plain = plainName(name)
    const other = left.get(plain)?.[0]
    if (other !== undefined) {
      const names = [other, name].map((each) => each.slice(0, NAME_LENGTH_MAX)).join(' and ')
      throw new RowRefusal(`it has one field in two spellings, ${names}: leave one out.`)
    }
    left.set(plain, [name, value])
  }
  const take = (names: readonly string[]): [string, unknown] | undefined => {
    let found: [string, unknown] | undefined
    for (const name of names) {
      const plain = plainName(name)
      if (found === undefined) {
        found = left.get(plain)
        left.delete(plain)
      }
    }
    return found
  }
  return {
    text: (...names) => textOf(take(names)),
    flag: (...names) => flagOf(take(names)),
    number: (...names) => numberOf(take(names)),
    json: (...names) => jsonOf(take(names)),
    time: (unit, ...names) => {
      const [name, value] = take(names) ?? []
      return name === undefined ? undefined : foreignTime(name, value, unit)
    },
    rest: () => [...left.values()],
  }
}

const NAME_LENGTH_MAX = 60

/** The same few names come with each row. */
export const plainName = createShared((name: string): string => name.toLowerCase().replace(/[_\- ]/g, ''))

type Field = readonly [name: string, value: unknown] | undefined

function textOf(field: Field): string | undefined {
  if (field === undefined) return undefined
  const [name, value] = field
  if (typeof value === 'string') return value === '' ? undefined : value
  // What JSON and YAML read as a number has lost its digits by then.
  if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER) {
    throw new RowRefusal(`${name} is a number too long to be kept exactly: write it in quotes.`)
  }
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value)
  throw new RowRefusal(`${name} is no text.`)
}

const TRUE = ['true', 't', '1', 'yes']
const FALSE = ['false', 'f', '0', 'no']

function flagOf(field: Field): boolean | undefined {
  const text = textOf(field)?.trim().toLowerCase()
  if (field === undefined || text === undefined) return undefined
  if (TRUE.includes(text)) return true
  if (FALSE.includes(text)) return false
  throw new RowRefusal(`${field[0]} is ${quoted(text)}: it must be true or false.`)
}

function numberOf(field: Field): number | undefined {
  const text = textOf(field)
  if (field === undefined || text === undefined) return undefined
  const number = Number(text)
  if (Number.isFinite(number)) return number
  throw new RowRefusal(`${field[0]} is ${quoted(text)}: it must be a number.`)
}

function jsonOf(field: Field): unknown {
  let value = field?.[1]
  // Some write JSON into a text of JSON.
  for (let times = 0; times < 2 && typeof value === 'string'; times++) {
    try {
      const parsed: unknown = JSON.parse(value)
      // So better-auth writes that there is nothing.
      if (parsed === null) return undefined
      if (typeof parsed === 'string' || isObject(parsed) || Array.isArray(parsed)) value = parsed
    } catch {
      return value
    }
  }
  return value
}
