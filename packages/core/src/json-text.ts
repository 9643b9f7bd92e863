import { AppError } from './error.ts'
import { findJsonFault, readJson } from './json-reader.ts'
import { DEPTH_MAX, invalid, type Names, noteName, tooDeep, UNFIT_ESCAPE, unfitText } from './json-rules.ts'
import { atOnce } from './steps.ts'
import { explainText } from './text.ts'

/**
 * Values cost more than long texts do. A body may be long by its texts: values, counted by commas and brackets, it has
 * no more than fit into 64 KiB.
 */
const VALUES_MAX = 44_000
const LENGTH_OF_VALUES_MAX = 64 * 1024
/** Signs that are looked at in one step. */
const STEP_SIGNS = 4_096
/** RFC 8259 §8.1. Keeps nothing between two texts. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Parses a body. Stricter than JSON.parse where two readers could understand two things: a name twice in one
 * object, text that is not well-formed Unicode. Throws AppError `malformed_json` with line and column, or
 * `invalid_body`.
 */
export function parseJson(bytes: Uint8Array): unknown {
  const text = decode(bytes)
  if (text.length > LENGTH_OF_VALUES_MAX) atOnce(assertFewValues(text))
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // Its message names a place sometimes, and sometimes repeats the text, which may name any.
    throw atOnce(malformed(text, findJsonFault(text).at))
  }
  checkStructure(text, value)
  return value
}

/**
 * The same of a long body, some of it in each step: between two of them others can have their turn. By and by it takes
 * half as long again.
 */
export function* parseJsonInSteps(bytes: Uint8Array): Generator<void, unknown> {
  const text = decode(bytes)
  yield
  if (text.length > LENGTH_OF_VALUES_MAX) yield* assertFewValues(text)
  const read = yield* readJson(text)
  if ('fault' in read) throw yield* malformed(text, read.fault.at)
  if (read.refusal !== undefined) throw read.refusal(read.value)
  return read.value
}

function decode(bytes: Uint8Array): string {
  try {
    const text = UTF8.decode(bytes)
    if (text.startsWith('\ufeff')) {
      throw new AppError(
        'malformed_json',
        'The body begins with a byte order mark: send plain UTF-8 without one.',
      )
    }
    return text
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError('malformed_json', 'The body is not valid UTF-8.')
  }
}

function* malformed(text: string, position: number): Generator<void, AppError> {
  const { line, column } = yield* placeAt(text, position)
  const what = text.trim() === '' ? 'The body is empty' : 'The body is not valid JSON'
  return new AppError('malformed_json', `${what}: look at line ${line}, column ${column}.`)
}

type Place = { readonly line: number; readonly column: number }

function* placeAt(text: string, position: number): Generator<void, Place> {
  let line = 1
  let start = 0
  for (let end = text.indexOf('\n'); end >= 0 && end < position; end = text.indexOf('\n', start)) {
    line += 1
    start = end + 1
    if (line % STEP_SIGNS === 0) yield
  }
  return { line, column: position - start + 1 }
}

const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET, COMMA, QUOTE, BACKSLASH] = [...'{}[],"\\'].map(
  (sign) => sign.charCodeAt(0),
)

/** Before anything is made of them. The text need not be JSON. */
function* assertFewValues(text: string): Generator<void, void> {
  let values = 1
  let due = STEP_SIGNS
  for (let index = 0; index < text.length; index++) {
    if (index >= due) {
      yield
      due = index + STEP_SIGNS
    }
    const sign = text.charCodeAt(index)
    if (sign === QUOTE) {
      const end = endOfPlainString(text, index) ?? (yield* endOfLongString(text, index))
      if (end === 0) return
      index = end - 1
    } else if (sign === COMMA || sign === OPEN_BRACE || sign === OPEN_BRACKET) {
      values += 1
      if (values > VALUES_MAX) {
        throw invalid(
          `The body holds more than ${VALUES_MAX.toLocaleString('en')} values: no operation takes as many.`,
        )
      }
    }
  }
}

/** Walks text that is known to be JSON: only braces, brackets, commas, colons and strings matter. */
function checkStructure(text: string, value: unknown): void {
  const open: (Names | undefined)[] = []
  const isEscaped = text.includes('\\')
  let isName = false
  for (let index = 0; index < text.length; index++) {
    const sign = text.charCodeAt(index)
    if (sign === QUOTE) {
      const end = endOfPlainString(text, index) ?? atOnce(endOfLongString(text, index))
      if (isName) checkName(open.at(-1)!, contentOf(text, index, end, value))
      else if (isEscaped && UNFIT_ESCAPE.test(text.slice(index, end))) contentOf(text, index, end, value)
      isName = false
      index = end - 1
    } else if (sign === COMMA) {
      isName = open.at(-1) !== undefined
    } else if (sign === OPEN_BRACE || sign === OPEN_BRACKET) {
      open.push(sign === OPEN_BRACE ? { first: undefined, others: undefined } : undefined)
      if (open.length > DEPTH_MAX) throw tooDeep()
      isName = sign === OPEN_BRACE
    } else if (sign === CLOSE_BRACE || sign === CLOSE_BRACKET) {
      open.pop()
    }
  }
}

/**
 * Index after the closing quote; 0: there is none. Most strings have no quote in them: only the others, which may consist
 * of quotes, are looked through. undefined: it is one of those.
 */
function endOfPlainString(text: string, start: number): number | undefined {
  const first = text.indexOf('"', start + 1)
  if (first === -1) return 0
  return text.charCodeAt(first - 1) === BACKSLASH ? undefined : first + 1
}

function* endOfLongString(text: string, start: number): Generator<void, number> {
  let due = start + STEP_SIGNS
  for (let index = start + 1; index < text.length; index++) {
    const sign = text.charCodeAt(index)
    if (sign === QUOTE) return index + 1
    if (sign === BACKSLASH) index += 1
    if (index < due) continue
    yield
    due = index + STEP_SIGNS
  }
  return 0
}

/** What a string stands for. Text that is JSON in UTF-8 can hold what checkText refuses only where it is escaped. */
function contentOf(text: string, start: number, end: number, value: unknown): string {
  const raw = text.slice(start + 1, end - 1)
  if (!raw.includes('\\')) return raw
  const content = JSON.parse(text.slice(start, end)) as string
  checkText(content, value)
  return content
}

function checkText(content: string, value: unknown): void {
  const detail = explainText(content)
  if (detail !== undefined) throw unfitText(detail, value)
}

function checkName(names: Names, name: string): void {
  const refused = noteName(names, name)
  if (refused !== undefined) throw refused
}
