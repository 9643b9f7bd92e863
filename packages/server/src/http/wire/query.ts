import { AppError, type Fault } from '@latchkey/core/error'
import { explainText } from '@latchkey/core/text'
import type { TSchema } from 'typebox'
import { parseForm } from './form-text.ts'

type Parameters = Readonly<Record<string, { readonly type?: unknown }>>

/** No operation has as many; more would only cost time. */
const PARAMETERS_MAX = 64
/** Longer than any name there is; the error repeats no more of one. */
const NAME_LENGTH_MAX = 100

/** A cursor that is wrong in any way is answered as an unknown one. */
const CURSORS = ['startingAfter', 'endingBefore']

/** Any number of digits: the schema says how large the value may be. */
const DIGITS = /^\d+$/

/**
 * Parses a query string by the types its schema declares. Nothing is coerced: a number is decimal digits, a
 * truth value is true or false. Faults: a parameter given twice, a value that is not of its type or that cannot be
 * stored. Throws AppError `invalid_parameter` for more than PARAMETERS_MAX.
 */
export function parseQuery(
  queryString: string,
  schema: TSchema,
): { readonly query: Record<string, unknown>; readonly faults: readonly Fault[] } {
  if (queryString === '') return { query: {}, faults: [] }
  assertFew(queryString)
  const declared = (schema as { properties?: Parameters }).properties ?? {}
  const query: Record<string, unknown> = {}
  const faults: Fault[] = []
  const seen = new Set<string>()
  for (const { name, value: text } of parseForm(queryString)) {
    const parameter = (name ?? '?').slice(0, NAME_LENGTH_MAX)
    if (seen.has(parameter)) {
      faults.push({
        parameter,
        code: 'duplicate_parameter',
        detail: 'was given more than once: give it once.',
      })
      continue
    }
    seen.add(parameter)
    const parsed = CURSORS.includes(parameter)
      ? { value: text ?? '' }
      : parseValue(
          name === undefined ? undefined : text,
          Object.hasOwn(declared, parameter) ? declared[parameter]?.type : undefined,
        )
    if ('detail' in parsed) faults.push({ parameter, code: 'invalid_parameter', detail: parsed.detail })
    // Defined, not assigned: a parameter named __proto__ must stay a name like any other.
    else
      Object.defineProperty(query, parameter, { value: parsed.value, enumerable: true, configurable: true })
  }
  return { query, faults }
}

function assertFew(queryString: string): void {
  let count = 1
  for (let at = queryString.indexOf('&'); at >= 0; at = queryString.indexOf('&', at + 1)) {
    count += 1
    if (count > PARAMETERS_MAX) {
      throw new AppError(
        'invalid_parameter',
        `The query has more than ${PARAMETERS_MAX} parameters: send each of them once.`,
      )
    }
  }
}

function parseValue(
  text: string | undefined,
  type: unknown,
): { readonly value: unknown } | { readonly detail: string } {
  if (text === undefined) return { detail: 'holds bytes that are not UTF-8: percent-encode text in UTF-8.' }
  const unfit = explainText(text)
  if (unfit !== undefined) return { detail: unfit }
  if (type === 'integer') {
    // One that is too large is held against the schema, which says what is the most.
    return DIGITS.test(text)
      ? { value: Math.min(Number(text), Number.MAX_VALUE) }
      : { detail: 'must be a whole number in decimal digits.' }
  }
  if (type === 'boolean') {
    return text === 'true' || text === 'false'
      ? { value: text === 'true' }
      : { detail: 'must be true or false.' }
  }
  return { value: text }
}
