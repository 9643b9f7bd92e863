import { AppError, inputError } from './error.ts'
import { pointerTo } from './json-pointer.ts'
import { explainText } from './text.ts'

export const DEPTH_MAX = 8
const NAMES_MAX = 64

/** Escapes of what explainText refuses; of all others a long text may have very many. */
export const UNFIT_ESCAPE = /\\u(?:0000|d[89a-f])/i

/** The names of one object. A set costs more than most objects are long: none is made for the first name. */
export type Names = { first: string | undefined; others: Set<string> | undefined }

/** Notes a name of an object, and answers what is wrong with it. */
export function noteName(names: Names, name: string): AppError | undefined {
  if (names.first === undefined) {
    names.first = name
    return undefined
  }
  names.others ??= new Set()
  if (names.first === name || names.others.has(name))
    return invalid(`The name ${JSON.stringify(name.slice(0, 100))} stands twice in one object.`)
  names.others.add(name)
  return names.others.size >= NAMES_MAX ? invalid(`An object has more than ${NAMES_MAX} names.`) : undefined
}

export const tooDeep = (): AppError => invalid(`The body is nested deeper than ${DEPTH_MAX} levels.`)

/** A text that cannot be kept; `detail` says why, `value` is all that the body says. */
export function unfitText(detail: string, value: unknown): AppError {
  const pointer = findUnfit(value, '', 0)
  // Of a name that stands twice the value kept is another.
  return pointer === undefined
    ? invalid(`A string ${detail}`)
    : inputError([{ pointer, code: 'invalid_body', detail }])
}

/** Where the first text stands that cannot be kept, as value or as name. */
function findUnfit(value: unknown, base: string, depth: number): string | undefined {
  if (typeof value === 'string') return explainText(value) === undefined ? undefined : base
  if (typeof value !== 'object' || value === null || depth > DEPTH_MAX) return undefined
  for (const [name, member] of Object.entries(value)) {
    const pointer = pointerTo(base, name)
    const found = explainText(name) === undefined ? findUnfit(member, pointer, depth + 1) : pointer
    if (found !== undefined) return found
  }
  return undefined
}

export function invalid(detail: string): AppError {
  return new AppError('invalid_body', detail)
}
