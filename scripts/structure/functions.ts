/** A function with a body: from its name or first parameter to its closing brace. */
export type FunctionSpan = { readonly start: number; readonly end: number }

const CONTROL = /^(?:if|for|while|switch|catch|with|return|await)$/
const LONE_PARAMETER_ARROW = /([\w$]+)\s*=>\s*\{/g
/** Behind these a type goes on, so a brace is part of it and no body. */
const TYPE_GOES_ON = /^(?:[:|&<,?.]|=>|is|extends|keyof|readonly|asserts|infer|typeof|unique|new)$/
/** Longer words are cut, which changes nothing: only their kind matters. */
const TOKEN_CHARACTERS_MAX = 80

/**
 * Every function, method and arrow function with a body, in masked code. Each has a parameter list: what comes
 * behind its closing parenthesis (a brace, a return type, an arrow) tells it from a call.
 */
export function findFunctions(code: string): FunctionSpan[] {
  const pairs = pairBrackets(code)
  const found: FunctionSpan[] = []
  for (const [open, close] of pairs) {
    if (code[open] !== '(') continue
    const body = findBody(code, pairs, open, close)
    const end = body === undefined ? undefined : pairs.get(body)
    if (end !== undefined) found.push({ start: startOfName(code, open), end })
  }
  for (const match of code.matchAll(LONE_PARAMETER_ARROW)) {
    const end = pairs.get(match.index + match[0].length - 1)
    if (end !== undefined) found.push({ start: match.index, end })
  }
  return found.sort((a, b) => a.start - b.start)
}

/** Opening position → closing position, for `()`, `[]` and `{}`. */
function pairBrackets(code: string): Map<number, number> {
  const closers: Record<string, string> = { ')': '(', ']': '[', '}': '{' }
  const open: number[] = []
  const pairs = new Map<number, number>()
  for (const { index, 0: bracket } of code.matchAll(/[()[\]{}]/g)) {
    const opener = closers[bracket]
    if (opener === undefined) open.push(index)
    else if (code[open.at(-1) ?? -1] === opener) pairs.set(open.pop() ?? 0, index)
  }
  return pairs
}

/** Where the body of the function begins whose parameters are in these parentheses; undefined: there is none. */
function findBody(code: string, pairs: Map<number, number>, open: number, close: number): number | undefined {
  const after = skipSpace(code, close + 1)
  if (code.startsWith('=>', after)) return braceAt(code, after + 2)
  const isCallable = isNamed(code, open)
  if (code[after] === '{') return isCallable ? after : undefined
  if (code[after] !== ':') return undefined
  const end = endOfType(code, pairs, after + 1)
  if (code.startsWith('=>', end)) return braceAt(code, end + 2)
  return isCallable ? braceAt(code, end) : undefined
}

function braceAt(code: string, position: number): number | undefined {
  const at = skipSpace(code, position)
  return code[at] === '{' ? at : undefined
}

/** The position behind a return type: of its function's body or arrow, or of whatever shows there is none. */
function endOfType(code: string, pairs: Map<number, number>, start: number): number {
  let position = start
  let angles = 0
  let isOpen = true
  while (position < code.length) {
    const at = skipSpace(code, position)
    const token = tokenAt(code, at)
    const isNextLine = code.slice(position, at).includes('\n')
    if (angles === 0 && endsType(token, isOpen, isNextLine)) return at
    const close = pairs.get(at)
    position = close === undefined ? at + token.length : close + 1
    const arrow = skipSpace(code, position)
    const isLambda: boolean = token === '(' && isOpen && code.startsWith('=>', arrow)
    if (isLambda) position = arrow + 2
    if (token === '<') angles += 1
    if (token === '>') angles -= 1
    isOpen = isLambda || TYPE_GOES_ON.test(token)
  }
  return position
}

function endsType(token: string, isOpen: boolean, isNextLine: boolean): boolean {
  if (/^(?:=>|[;)\]},=])$/.test(token)) return true
  return !isOpen && (token === '{' || (isNextLine && /^\w/.test(token)))
}

function isNamed(code: string, open: number): boolean {
  const start = startOfName(code, open)
  if (start === open) return /[>\]'"]/.test(code[open - 1] ?? '')
  // In `class A extends mixin(B) {` the brace is the class's.
  const isBase = code.slice(Math.max(0, start - 9), start) === ' extends '
  return !isBase && !CONTROL.test(code.slice(start, open).trim())
}

/** Of the word in front of a parameter list, as in `if (`; the parenthesis itself when there is none. */
function startOfName(code: string, open: number): number {
  const word = /[\w$]+ ?$/.exec(code.slice(Math.max(0, open - TOKEN_CHARACTERS_MAX), open))?.[0] ?? ''
  return open - word.length
}

function tokenAt(code: string, position: number): string {
  return /^(?:[\w$]+|=>|[\s\S])/.exec(code.slice(position, position + TOKEN_CHARACTERS_MAX))?.[0] ?? ''
}

function skipSpace(code: string, start: number): number {
  let position = start
  while (/\s/.test(code[position] ?? '')) position += 1
  return position
}
