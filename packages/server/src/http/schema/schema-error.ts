import { PERMISSION_PATTERN } from '@latchkey/contract/schemas/shared'
import { PERMISSION_FORM } from '@latchkey/core/permission'
import { isRepeatable } from '@latchkey/core/repeatable'
import { explainTime } from '@latchkey/core/time'
import type { ErrorObject } from 'ajv/dist/2020.js'
import { explainCharacter } from '../wire/unfit-character.ts'

const FORMATS: Readonly<Record<string, (text: string) => string>> = {
  'date-time': explainTime,
  date: () => 'must be a day such as 2026-11-28.',
  email: () => 'must be an email address.',
}

/** Says what a value must be, in words for the person who sent it. */
export function explain(error: ErrorObject): string {
  const { keyword, params } = error
  const subject =
    error.propertyName === undefined ? '' : `the name ${JSON.stringify(error.propertyName.slice(0, 100))} `
  switch (keyword) {
    case 'type':
      return `must be ${article(params.type)}; got ${nameOf(error.data)}.`
    case 'enum':
      return `must be one of ${(params.allowedValues as unknown[]).map(String).join(', ')}${got(error.data)}.`
    case 'format':
      return FORMATS[String(params.format)]?.(String(error.data)) ?? `must have the format ${params.format}.`
    case 'pattern':
      if (params.pattern === PERMISSION_PATTERN) return PERMISSION_FORM
      return `${subject}${explainCharacter(String(error.data), String(params.pattern))}`
    case 'minLength':
      return `${subject}must have at least ${count(params.limit, 'character')}.`
    case 'maxLength':
      return `${subject}must have at most ${count(params.limit, 'character')}.`
    case 'minimum':
      return `must be ${params.limit} or more${got(error.data)}.`
    case 'maximum':
      return `must be ${params.limit} or less${got(error.data)}.`
    case 'minItems':
      return `must have at least ${count(params.limit, 'entry')}.`
    case 'maxItems':
      return `must have at most ${count(params.limit, 'entry')}.`
    case 'minProperties':
      return 'The body names nothing to change: give at least one field that is not null.'
    case 'maxProperties':
      return `must have at most ${count(params.limit, 'name')}.`
    case 'not':
      return `${subject}is not allowed.`
    default:
      return `${error.message ?? 'is not valid'}.`
  }
}

function article(types: unknown): string {
  const names = (Array.isArray(types) ? types : [types]).map(String)
  const last = names.pop()!
  return names.length === 0
    ? withArticle(last)
    : `${names.map(withArticle).join(', ')} or ${withArticle(last)}`
}

function withArticle(type: string): string {
  if (type === 'null') return 'null'
  if (type === 'object') return 'a JSON object'
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`
}

function nameOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : withArticle(typeof value)
}

/** Only plain values that are too short for a password are repeated: a caller may have pasted something else. */
function got(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return `; got ${value}`
  return typeof value === 'string' && /^[\w.-]+$/.test(value) && isRepeatable(value) ? `; got ${value}` : ''
}

function count(limit: unknown, noun: string): string {
  const plural = noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`
  return `${Number(limit).toLocaleString('en')} ${limit === 1 ? noun : plural}`
}
