import { isBuiltin } from 'node:module'
import { posix } from 'node:path'

export type Import = {
  /** Undefined: computed, so nobody can see where it leads. */
  readonly specifier: string | undefined
  readonly position: number
  /** Just behind the specifier. */
  readonly end: number
  /** Nothing of it is left at run time. */
  readonly isTypeOnly: boolean
  /** A dynamic import: loaded when the code gets there. */
  readonly isLazy: boolean
  /** An `export … from`. */
  readonly isExport: boolean
  /** The values taken, under the names they have over there; `*` for all of them. */
  readonly names: readonly string[]
}

const STATIC =
  /(?<![\w$.])(import|export)\b\s*(type\b(?!\s*(?:from\b|,)))?([\w$*,\s]*(?:\{[^{}]*\}\s*)?)(?<![\w$])from\s*(?=["'])/g
const BARE = /(?<![\w$.])import\s*(?=["'])/g
const DYNAMIC = /(typeof\s+)?(?<![\w$.])(?:import|require)\s*\(\s*/g
/** `import('./a.ts').Name` is a type; a value would be awaited first. */
const TYPE_MEMBER = /^\s*\)\s*\.\s*[A-Z]/

/**
 * The imports of a file, found in its masked code, so that neither a comment nor a string can pass for one;
 * the specifier itself is read from the text.
 */
export function findImports(text: string, code: string): Import[] {
  const found: Import[] = []
  for (const match of code.matchAll(STATIC)) {
    const [statement, keyword, type, clause = ''] = match
    const names = valueNames(clause)
    const isTypeOnly = type !== undefined || names.length === 0
    const literal = readLiteral(text, code, match.index + statement.length)
    found.push({
      ...literal,
      position: match.index,
      isTypeOnly,
      isLazy: false,
      isExport: keyword === 'export',
      names,
    })
  }
  for (const match of code.matchAll(BARE)) {
    const literal = readLiteral(text, code, match.index + match[0].length)
    found.push({
      ...literal,
      position: match.index,
      isTypeOnly: false,
      isLazy: false,
      isExport: false,
      names: [],
    })
  }
  for (const match of code.matchAll(DYNAMIC)) {
    const literal = readLiteral(text, code, match.index + match[0].length)
    const isTypeOnly = match[1] !== undefined || TYPE_MEMBER.test(code.slice(literal.end, literal.end + 40))
    found.push({ ...literal, position: match.index, isTypeOnly, isLazy: true, isExport: false, names: ['*'] })
  }
  return found.sort((a, b) => a.position - b.position)
}

/** `a, { b as c, type D }` takes the values `default` and `b`; a lone `{}` or only types take none. */
function valueNames(clause: string): string[] {
  const open = clause.indexOf('{')
  const outside = open === -1 ? clause : clause.slice(0, open)
  const inside = open === -1 ? '' : clause.slice(open + 1, clause.lastIndexOf('}'))
  const whole = outside
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
  const named = inside
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '' && !/^type\s/.test(part))
  return [
    ...whole.map((part) => (part.startsWith('*') ? '*' : 'default')),
    ...named.map((part) => part.split(/\s+as\s+/)[0] ?? part),
  ]
}

/** The string literal at a position; a template counts when nothing is put into it. */
function readLiteral(text: string, code: string, start: number): Pick<Import, 'specifier' | 'end'> {
  const quote = code[start]
  const close = code.indexOf(quote ?? '', start + 1)
  if ((quote !== "'" && quote !== '"' && quote !== '`') || close === -1)
    return { specifier: undefined, end: start }
  const isPlain = code.slice(start + 1, close).trim() === ''
  return { specifier: isPlain ? text.slice(start + 1, close) : undefined, end: close + 1 }
}

/** Where an import leads. */
export type Destination =
  | { readonly kind: 'file'; readonly path: string; readonly isByName: boolean }
  | { readonly kind: 'node'; readonly name: string }
  | { readonly kind: 'package'; readonly name: string }

/** Follows the packages' `exports`: `@latchkey/core/address` is core's src/address.ts, `@latchkey/server` its index. */
export function resolveImport(from: string, specifier: string): Destination {
  if (specifier.startsWith('.')) {
    return { kind: 'file', path: posix.join(posix.dirname(from), specifier), isByName: false }
  }
  if (isBuiltin(specifier)) return { kind: 'node', name: specifier.replace(/^(?!node:)/, 'node:') }
  const [scope = '', name = '', ...rest] = specifier.split('/')
  if (scope === '@latchkey') {
    const file = rest.length === 0 ? 'index' : rest.join('/')
    return { kind: 'file', path: `packages/${name}/src/${file}.ts`, isByName: true }
  }
  return { kind: 'package', name: scope.startsWith('@') ? `${scope}/${name}` : scope }
}
