import type { AppError } from './error.ts'
import { DEPTH_MAX, type Names, noteName, tooDeep, UNFIT_ESCAPE, unfitText } from './json-rules.ts'
import { atOnce } from './steps.ts'
import { explainText } from './text.ts'

/** Signs of a text in one step: some tens of microseconds, however many values they hold. */
const STEP_SIGNS = 1_024

/** Tokens of JSON (RFC 8259), and how far one that was begun is right. */
const SPACE = new RegExp(`[ \\t\\n\\r]{1,${STEP_SIGNS}}`, 'y')
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y
const SCALAR_BEGUN =
  /t(?:r(?:ue?)?)?|f(?:a(?:l(?:se?)?)?)?|n(?:u(?:ll?)?)?|-?(?:(?:0|[1-9]\d*)(?:\.(?:\d+(?:[eE][+-]?\d*)?)?|[eE][+-]?\d*)?)?/y
/** Part of a string that cuts no escape in two. */
const STRING_PART = new RegExp(String.raw`(?:[^"\\]|\\(?:u[^]{4}|[^u])){1,${STEP_SIGNS}}`, 'y')
const SPACE_CODE = 0x20
const QUOTE_CODE = 0x22
const BACKSLASH_CODE = 0x5c

/** Where text stops being JSON: its length when it ends too early. */
export type JsonFault = {
  readonly at: number
  /** It ends too early in the middle of a string. */
  readonly isInString: boolean
}

/** What a text says, and what is wrong with it by our rules. */
export type JsonRead =
  | { readonly value: unknown; readonly refusal: ((value: unknown) => AppError) | undefined }
  | { readonly fault: JsonFault }

/**
 * Reads text as JSON.parse does, a little in each step: between two of them others can have their turn. What breaks our
 * rules is told only of text that is JSON.
 */
export function* readJson(text: string): Generator<void, JsonRead> {
  const reading: Reading = { text, open: [], awaited: 'value', value: undefined, refusal: undefined }
  let due = STEP_SIGNS
  for (let index = 0; ; ) {
    if (index >= due) {
      yield
      due = index + STEP_SIGNS
    }
    if (index === text.length) {
      const { awaited, value, refusal } = reading
      return awaited === 'nothing' ? { value, refusal } : { fault: { at: index, isInString: false } }
    }
    const code = text.charCodeAt(index)
    let end: End
    if (code <= SPACE_CODE) end = after(SPACE, text, index) ?? ~index
    else if (code !== QUOTE_CODE) end = takeMark(reading, index) ?? takeScalar(reading, index)
    else if (isAwaited(reading, 'text'))
      end = takeText(reading, index) ?? (yield* takeLongText(reading, index))
    else end = ~index
    if (end < 0) return { fault: { at: ~end, isInString: code === QUOTE_CODE && ~end === text.length } }
    index = end
  }
}

/** Where text that is no JSON breaks, by the place that JSON.parse names where it names one. */
export function findJsonFault(text: string): JsonFault {
  const read = atOnce(readJson(text))
  return 'fault' in read ? read.fault : { at: text.length, isInString: false }
}

/** Index behind what was read; or, below 0, the complement of the index where it breaks. */
type End = number

/** What may come next. `first…`: or the end of what was just opened. */
type Awaited = 'value' | 'first value' | 'name' | 'first name' | 'colon' | 'more' | 'nothing'

/** A list or an object that is not closed yet. `name`: of the member that is being read. */
type ObjectHolder = { readonly members: Record<string, unknown>; readonly names: Names; name: string }
type Holder = { readonly list: unknown[] } | ObjectHolder

type Reading = {
  readonly text: string
  readonly open: Holder[]
  awaited: Awaited
  value: unknown
  refusal: ((value: unknown) => AppError) | undefined
}

function isAwaited({ awaited }: Reading, what: 'value' | 'text'): boolean {
  if (awaited === 'value' || awaited === 'first value') return true
  return what === 'text' && (awaited === 'name' || awaited === 'first name')
}

/** A bracket, brace, comma or colon; undefined: none of them. */
function takeMark(reading: Reading, index: number): End | undefined {
  const sign = reading.text[index]
  if (sign === '{' || sign === '[') return opens(reading, sign) ? index + 1 : ~index
  if (sign === '}' || sign === ']') return closes(reading, sign) ? index + 1 : ~index
  const { awaited, open } = reading
  if (sign === ',') {
    if (awaited !== 'more') return ~index
    reading.awaited = 'list' in open.at(-1)! ? 'value' : 'name'
    return index + 1
  }
  if (sign !== ':') return undefined
  if (awaited !== 'colon') return ~index
  reading.awaited = 'value'
  return index + 1
}

function opens(reading: Reading, sign: '{' | '['): boolean {
  if (!isAwaited(reading, 'value')) return false
  const { open } = reading
  if (sign === '[') {
    const list: unknown[] = []
    place(reading, list)
    open.push({ list })
  } else {
    const members = {}
    place(reading, members)
    open.push({ members, names: { first: undefined, others: undefined }, name: '' })
  }
  reading.awaited = sign === '[' ? 'first value' : 'first name'
  if (open.length > DEPTH_MAX) reading.refusal ??= tooDeep
  return true
}

function closes(reading: Reading, sign: '}' | ']'): boolean {
  const { open, awaited } = reading
  const holder = open.at(-1)
  if (holder === undefined || 'list' in holder !== (sign === ']')) return false
  if (awaited !== 'more' && awaited !== (sign === ']' ? 'first value' : 'first name')) return false
  open.pop()
  valueEnds(reading)
  return true
}

function valueEnds(reading: Reading): void {
  reading.awaited = reading.open.length === 0 ? 'nothing' : 'more'
}

/** Where the value belongs that is being read. */
function place(reading: Reading, value: unknown): void {
  const holder = reading.open.at(-1)
  if (holder === undefined) reading.value = value
  else if ('list' in holder) holder.list.push(value)
  else if (holder.name !== '__proto__') holder.members[holder.name] = value
  else Object.defineProperty(holder.members, holder.name, { value, ...OWN })
}

/** As JSON.parse makes a member: to set this one would set what the object inherits from. */
const OWN = { writable: true, enumerable: true, configurable: true }

function takeScalar(reading: Reading, index: number): End {
  const { text } = reading
  if (!isAwaited(reading, 'value')) return ~index
  const end = after(SCALAR, text, index) ?? index
  const begun = after(SCALAR_BEGUN, text, index) ?? index
  if (end === index || begun > end) return ~begun
  place(reading, JSON.parse(text.slice(index, end)))
  valueEnds(reading)
  return end
}

/** Text that is short, with nothing in it that looks like its end; undefined: it may be otherwise. */
function takeText(reading: Reading, index: number): End | undefined {
  const { text } = reading
  const last = text.indexOf('"', index + 1)
  if (last === -1 || last - index > STEP_SIGNS || text.charCodeAt(last - 1) === BACKSLASH_CODE)
    return undefined
  const raw = text.slice(index, last + 1)
  const content = contentOf(raw)
  if (typeof content === 'number') return ~(index + content)
  finishText(reading, content, UNFIT_ESCAPE.test(raw))
  return last + 1
}

function* takeLongText(reading: Reading, index: number): Generator<void, End> {
  const { text } = reading
  let content = ''
  let isSuspect = false
  let at = index + 1
  for (let end = after(STRING_PART, text, at); end !== undefined; end = after(STRING_PART, text, at)) {
    const raw = `"${text.slice(at, end)}"`
    const part = contentOf(raw)
    if (typeof part === 'number') return ~(at - 1 + part)
    content += part
    isSuspect ||= UNFIT_ESCAPE.test(raw)
    at = end
    yield
  }
  if (text.charCodeAt(at) !== QUOTE_CODE) {
    // The text ends here, in an escape perhaps.
    const fault = Number(contentOf(`"${text.slice(at)}`))
    return ~(Number.isNaN(fault) ? text.length : at - 1 + fault)
  }
  finishText(reading, content, isSuspect)
  return at + 1
}

function finishText(reading: Reading, content: string, isSuspect: boolean): void {
  const unfit = isSuspect ? explainText(content) : undefined
  if (unfit !== undefined) reading.refusal ??= (value) => unfitText(unfit, value)
  if (isAwaited(reading, 'value')) {
    place(reading, content)
    valueEnds(reading)
    return
  }
  const holder = reading.open.at(-1) as ObjectHolder
  const refused = noteName(holder.names, content)
  if (refused !== undefined) reading.refusal ??= () => refused
  holder.name = content
  reading.awaited = 'colon'
}

/** What a string stands for, or where in it there is a fault. */
function contentOf(raw: string): string | number {
  try {
    return JSON.parse(raw) as string
  } catch (error) {
    return Number(/at position (\d+)/.exec((error as Error).message)?.[1])
  }
}

/** Where the pattern ends that begins at `index`; undefined: none does. */
function after(pattern: RegExp, text: string, index: number): number | undefined {
  pattern.lastIndex = index
  return pattern.test(text) ? pattern.lastIndex : undefined
}
