import { parseSync, visitorKeys } from 'oxc-parser'

/** A node of the syntax tree (ESTree, with TypeScript's own), by what is asked of it here. */
export type Node = {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [property: string]: unknown
}

/** A node whose value, or effect, may be exchanged while the program runs. */
export type Host = { readonly kind: 'expression' | 'statement'; readonly start: number; readonly end: number }

type Visit = (node: Node, parent: Node, host: Host | undefined) => void

/** Goes through what runs, outside in. Types, imports and the names of properties do not run. Throws on wrong syntax. */
export function walk(path: string, text: string, visit: Visit): void {
  const { program, errors } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`)
  const root = program as unknown as Node
  walkInto(root, undefined, visit)
}

function walkInto(node: Node, host: Host | undefined, visit: Visit): void {
  for (const { child, isValue } of runningChildren(node)) {
    const kind = kindOf(child, isValue)
    const own: Host | undefined = kind === undefined ? host : { kind, start: child.start, end: child.end }
    visit(child, node, own)
    walkInto(child, own, visit)
  }
}

/** `isValue`: it stands where any expression could. What is called, assigned to or part of a chain does not. */
type Child = { readonly child: Node; readonly isValue: boolean }

const REMOVABLE = new Set(['ExpressionStatement', 'ThrowStatement', 'ContinueStatement', 'BreakStatement'])
const NO_EXPRESSION =
  /Statement$|Declaration$|Declarator$|Pattern$|^(?:Property|SpreadElement|RestElement|SwitchCase|CatchClause|TemplateElement|ClassBody|MethodDefinition|PropertyDefinition|Super|ParenthesizedExpression)$/

function kindOf(node: Node, isValue: boolean): Host['kind'] | undefined {
  if (REMOVABLE.has(node.type) && node.directive == null) return 'statement'
  return isValue && !NO_EXPRESSION.test(node.type) ? 'expression' : undefined
}

function runningChildren(node: Node): Child[] {
  const found: Child[] = []
  for (const key of visitorKeys[node.type] ?? []) {
    if (!runs(node, key)) continue
    const value = node[key] as Node | readonly (Node | null)[] | null | undefined
    for (const child of Array.isArray(value) ? value : [value]) {
      if (child != null && !isType(child)) found.push({ child, isValue: isValueOf(node, key, child) })
    }
  }
  return found
}

/** `as`, `satisfies` and `!` hold an expression; all else of TypeScript's own vanishes. */
const isType = ({ type }: Node): boolean =>
  type.startsWith('TS') && !/^TS(?:As|Satisfies|NonNull)Expression$/.test(type)

function runs(node: Node, key: string): boolean {
  if (/^(?:Import|Export(?:All|Specifier))/.test(node.type)) return false
  if (key === 'source' || key === 'specifiers' || key === 'label') return false
  if ((key === 'key' || key === 'property') && node.computed !== true) return false
  // The name of what is declared or bound is no value; defaults inside a pattern are.
  return !((key === 'id' || key === 'param') && (node[key] as Node | null)?.type === 'Identifier')
}

function isValueOf(node: Node, key: string, child: Node): boolean {
  if (key === 'callee' || key === 'tag' || key === 'quasi' || key === 'superClass') return false
  if (key === 'params' || key === 'id' || key === 'param') return false
  if (key === 'left' && /^(?:Assignment|For)/.test(node.type)) return false
  if (key === 'argument' && (node.type === 'UpdateExpression' || node.operator === 'delete')) return false
  if (/Pattern$|^RestElement$/.test(node.type) && key !== 'right') return false
  if (key === 'value' && node.type === 'Property' && (node.shorthand === true || node.kind !== 'init'))
    return false
  if (key === 'value' && node.type === 'MethodDefinition') return false
  // The links of `a?.b.c` stop together: only the whole chain can be exchanged.
  if (key === 'object' && isLink(child)) return false
  return !(
    node.type === 'ChainExpression' ||
    (key === 'expression' && isLink(child) && node.type === 'TSNonNullExpression')
  )
}

const isLink = ({ type }: Node): boolean =>
  type === 'MemberExpression' ||
  type === 'CallExpression' ||
  type === 'TSNonNullExpression' ||
  type === 'Super'
