import { AppError, inputError } from './error.ts'
import { findJsonFault } from './json-fault.ts'
import { pointerTo } from './json-pointer.ts'
import { explainText } from './text.ts'

const DEPTH_MAX = 8
const NAMES_MAX = 64
/**
 * Values cost more than long texts do. A body may be long by its texts: values, counted by commas and brackets, it has
 * no more than fit into 64 KiB.
 */
const VALUES_MAX = 44_000
const LENGTH_OF_VALUES_MAX = 64 * 1024
/** RFC 8259 §8.1. Keeps nothing between two texts. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Parses a body. Stricter than JSON.parse where two readers could understand two things: a name twice in one
 * object, text that is not well-formed Unicode. Throws AppError `malformed_json` with line and column, or
 * `invalid_body`.
 */
export function parseJson(bytes: Uint8Array): unknown {
  const text = decode(bytes)
  if (text.length > LENGTH_OF_VALUES_MAX) assertFewValues(text)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    // JSON.parse throws nothing that is no Error.
    throw malformed(text, error as Error)
  }
  checkStructure(text, value)
  return value
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

function malformed(text: string, error: Error): AppError {
  const { line, column } = placeAt(text, positionOf(text, error))
  const what = text.trim() === '' ? 'The body is empty' : 'The body is not valid JSON'
  return new AppError('malformed_json', `${what}: look at line ${line}, column ${column}.`)
}

function placeAt(text: string, position: number): { readonly line: number; readonly column: number } {
  let line = 1
  let start = 0
  for (let end = text.indexOf('\n'); end >= 0 && end < position; end = text.indexOf('\n', start)) {
    line += 1
    start = end + 1
  }
  return { line, column: position - start + 1 }
}

function positionOf(text: string, { message }: Error): number {
  if (message.startsWith('Unexpected end')) return text.length
  const position = /at position (\d+)/.exec(message)?.[1]
  return position === undefined ? findJsonFault(text) : Number(position)
}

const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET, COMMA, QUOTE, BACKSLASH] = [...'{}[],"\\'].map(
  (sign) => sign.charCodeAt(0),
)

/** Before anything is made of them. The text need not be JSON. */
function assertFewValues(text: string): void {
  let values = 1
  for (let index = 0; index < text.length; index++) {
    const sign = text.charCodeAt(index)
    if (sign === QUOTE) {
      const end = endOfString(text, index)
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
      const end = endOfString(text, index)
      if (isName) noteName(open.at(-1)!, contentOf(text, index, end, value))
      else if (isEscaped && UNFIT_ESCAPE.test(text.slice(index, end))) contentOf(text, index, end, value)
      isName = false
      index = end - 1
    } else if (sign === COMMA) {
      isName = open.at(-1) !== undefined
    } else if (sign === OPEN_BRACE || sign === OPEN_BRACKET) {
      open.push(sign === OPEN_BRACE ? { first: undefined, others: undefined } : undefined)
      if (open.length > DEPTH_MAX) throw invalid(`The body is nested deeper than ${DEPTH_MAX} levels.`)
      isName = sign === OPEN_BRACE
    } else if (sign === CLOSE_BRACE || sign === CLOSE_BRACKET) {
      open.pop()
      isName = false
    }
  }
}

/**
 * Index after the closing quote. 0: there is none. Most strings have no quote in them: those are not looked through sign by
 * sign, as one is that may consist of quotes.
 */
function endOfString(text: string, start: number): number {
  const first = text.indexOf('"', start + 1)
  if (first === -1) return 0
  if (text.charCodeAt(first - 1) !== BACKSLASH) return first + 1
  for (let index = start + 1; index < text.length; index++) {
    const sign = text.charCodeAt(index)
    if (sign === QUOTE) return index + 1
    if (sign === BACKSLASH) index += 1
  }
  return 0
}

/** Escapes of what checkText refuses; of all others a long text may have very many. */
const UNFIT_ESCAPE = /\\u(?:0000|d[89a-f])/i

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
  if (detail === undefined) return
  const pointer = findUnfit(value, '', 0)
  // Of a name that stands twice the value kept is another.
  throw pointer === undefined
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

/** The names of one object. A set costs more than most objects are long: none is made for the first name. */
type Names = { first: string | undefined; others: Set<string> | undefined }

function noteName(names: Names, name: string): void {
  if (names.first === undefined) {
    names.first = name
    return
  }
  names.others ??= new Set()
  if (names.first === name || names.others.has(name))
    throw invalid(`The name ${JSON.stringify(name.slice(0, 100))} stands twice in one object.`)
  names.others.add(name)
  if (names.others.size >= NAMES_MAX) throw invalid(`An object has more than ${NAMES_MAX} names.`)
}

function invalid(detail: string): AppError {
  return new AppError('invalid_body', detail)
}
