/** Tokens of JSON (RFC 8259), and how far one that was begun is right. */
const SPACE = /[ \t\n\r]*/y
const SPACE_CODE = 32
const STRING = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y
const BEGUN = /(?:t(?:r(?:u)?)?|f(?:a(?:l(?:s)?)?)?|n(?:u(?:l)?)?)?/y

/** What may come next. `first…`: or the end of what was just opened. */
type Awaited = 'value' | 'first value' | 'name' | 'first name' | 'colon' | 'more' | 'nothing'
type Kind = 'string' | 'scalar' | '{' | '}' | '[' | ']' | ',' | ':'

/**
 * Where text that is no JSON stops being JSON: the index of the first token that may not stand there, or the length
 * when it ends too early. The engine's own message names an unexpected token without its place. One pass.
 */
export function findJsonFault(text: string): number {
  const open: ('{' | '[')[] = []
  let awaited: Awaited = 'value'
  for (let index = after(SPACE, text, 0); ; ) {
    const kind = kindAt(text, index)
    const end =
      kind === 'string'
        ? after(STRING, text, index)
        : kind === 'scalar'
          ? after(SCALAR, text, index)
          : index + 1
    if (kind === undefined || end === index) return after(BEGUN, text, index)
    const next = step(awaited, open, kind)
    if (next === undefined) return index
    awaited = next
    index = after(SPACE, text, end)
  }
}

/** Where the pattern ends that begins at `index`; `index` itself when it does not. */
function after(pattern: RegExp, text: string, index: number): number {
  // Most tokens have no space before them.
  if (pattern === SPACE && text.charCodeAt(index) > SPACE_CODE) return index
  pattern.lastIndex = index
  return pattern.test(text) ? pattern.lastIndex : index
}

function kindAt(text: string, index: number): Kind | undefined {
  const sign = text[index]
  if (sign === undefined) return undefined
  if ('{}[],:'.includes(sign)) return sign as Kind
  return sign === '"' ? 'string' : 'scalar'
}

/** What is awaited after a token; undefined: it may not stand here. */
function step(awaited: Awaited, open: ('{' | '[')[], kind: Kind): Awaited | undefined {
  const isFirst = awaited === 'first value' || awaited === 'first name'
  if (kind === '}' || kind === ']') {
    if (!isFirst && awaited !== 'more') return undefined
    return open.pop() === (kind === '}' ? '{' : '[') ? afterValue(open) : undefined
  }
  if (awaited === 'value' || awaited === 'first value') {
    if (kind === 'string' || kind === 'scalar') return afterValue(open)
    if (kind !== '{' && kind !== '[') return undefined
    open.push(kind)
    return kind === '{' ? 'first name' : 'first value'
  }
  if (awaited === 'name' || awaited === 'first name') return kind === 'string' ? 'colon' : undefined
  if (awaited === 'colon') return kind === ':' ? 'value' : undefined
  if (awaited === 'more' && kind === ',') return open.at(-1) === '{' ? 'name' : 'value'
  return undefined
}

const afterValue = (open: readonly string[]): Awaited => (open.length === 0 ? 'nothing' : 'more')
