import type { Node } from './syntax.ts'

/** One small change of a text. */
export type Edit = {
  readonly operator: string
  readonly start: number
  readonly end: number
  readonly replacement: string
}

/** Every change that is tried at this node. Many do not compile: those are sorted out later, by the compiler. */
export function editsOf(node: Node, parent: Node, text: string): Edit[] {
  return [
    ...operatorEdits(node, text),
    ...logicalEdits(node, text),
    ...decisionEdits(node, parent),
    ...literalEdits(node, parent, text),
    ...omissions(node, text),
    ...methodEdits(node, text),
  ]
}

const BINARY: Readonly<Record<string, readonly string[]>> = {
  '===': ['!=='],
  '!==': ['==='],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '<<': ['>>'],
  '>>': ['<<'],
  '>>>': ['<<'],
  '&': ['|'],
  '|': ['&'],
  '^': ['&'],
  '+=': ['-='],
  '-=': ['+='],
  '??=': ['='],
  '++': ['--'],
  '--': ['++'],
}

function operatorEdits(node: Node, text: string): Edit[] {
  const operator = String(node.operator)
  if (!/^(?:Binary|Assignment|Update)Expression$/.test(node.type)) return []
  const start = text.indexOf(
    operator,
    node.type === 'UpdateExpression' ? node.start : childOf(node, 'left').end,
  )
  const others = Object.hasOwn(BINARY, operator) ? (BINARY[operator] ?? []) : []
  return others.map((replacement) => ({
    operator: 'operator',
    start,
    end: start + operator.length,
    replacement,
  }))
}

/** A clause goes, or one of two is enough. */
function logicalEdits(node: Node, text: string): Edit[] {
  if (node.type !== 'LogicalExpression') return []
  const [left, right] = [childOf(node, 'left'), childOf(node, 'right')]
  const swapped = { '&&': '||', '||': '&&' }[String(node.operator)]
  const start = text.indexOf(String(node.operator), left.end)
  return [
    whole('clause', node, text.slice(left.start, left.end)),
    whole('clause', node, text.slice(right.start, right.end)),
    ...(swapped === undefined ? [] : [{ operator: 'operator', start, end: start + 2, replacement: swapped }]),
  ]
}

/** What is asked is always so, or never. */
function decisionEdits(node: Node, parent: Node): Edit[] {
  const isTest = parent.test === node
  const isAnswer =
    (parent.argument === node && parent.type === 'ReturnStatement') ||
    (parent.body === node && parent.type === 'ArrowFunctionExpression' && node.type !== 'BlockStatement')
  if (!isTest && !isAnswer) return []
  if (node.type === 'Literal') return []
  const answers = /^(?:While|DoWhile|For)Statement$/.test(parent.type) ? ['false'] : ['true', 'false']
  return answers.map((answer) => whole('decision', node, answer))
}

/** Numbers up to this are counted on; one above is a limit, and one more would rarely be seen. */
const COUNT_MAX = 64

function literalEdits(node: Node, parent: Node, text: string): Edit[] {
  if (node.type === 'UnaryExpression' && /^[!~-]$/.test(String(node.operator))) {
    const argument = childOf(node, 'argument')
    return [whole('negation', node, text.slice(argument.start, argument.end))]
  }
  if (node.type === 'TemplateLiteral') {
    // Only a template may stand behind a tag.
    const nothing = parent.type === 'TaggedTemplateExpression' ? '``' : "''"
    return node.end - node.start > 2 ? [whole('text', node, nothing)] : []
  }
  if (node.type !== 'Literal' || parent.directive != null) return []
  if (node.regex != null) return patternEdits(node, text)
  if (node.bigint != null) return [whole('number', node, `${BigInt(String(node.bigint)) + 1n}n`)]
  if (typeof node.value === 'boolean') return [whole('boolean', node, String(!node.value))]
  if (typeof node.value === 'string') return [whole('text', node, node.value === '' ? "'other'" : "''")]
  if (typeof node.value !== 'number') return []
  const others = node.value === 1 ? [0, 2] : [node.value <= COUNT_MAX ? node.value + 1 : node.value * 2]
  return others.map((other) => whole('number', node, String(other)))
}

/** Anchors go, classes are turned round. */
function patternEdits(node: Node, text: string): Edit[] {
  const source = text.slice(node.start, node.end)
  const edits: Edit[] = []
  for (const match of source.matchAll(/\\.|\[\^?|\^|\$/g)) {
    const start = node.start + match.index
    const end = start + match[0].length
    const replacement = { '^': '', $: '', '[': '[^', '[^': '[', '\\d': '\\D', '\\D': '\\d' }[match[0]]
    if (replacement !== undefined) edits.push({ operator: 'pattern', start, end, replacement })
  }
  return edits
}

/** A statement, an element or a property is left out. */
function omissions(node: Node, text: string): Edit[] {
  if (/^(?:Expression|Throw|Continue|Break)Statement$/.test(node.type) && node.directive == null) {
    return [whole('omission', node, '{}')]
  }
  const parts =
    node.type === 'ArrayExpression' ? node.elements : node.type === 'ObjectExpression' ? node.properties : []
  return (parts as readonly (Node | null)[]).flatMap((part) => {
    if (part === null) return []
    const comma = /^\s*,/.exec(text.slice(part.end))?.[0].length ?? 0
    return [{ operator: 'omission', start: part.start, end: part.end + comma, replacement: '' }]
  })
}

/** '': the call goes, and what it was called on stays. */
const METHODS: Readonly<Record<string, string>> = {
  some: 'every',
  every: 'some',
  min: 'max',
  max: 'min',
  floor: 'ceil',
  ceil: 'floor',
  startsWith: 'endsWith',
  endsWith: 'startsWith',
  indexOf: 'lastIndexOf',
  lastIndexOf: 'indexOf',
  trim: '',
  toLowerCase: '',
  slice: '',
  filter: '',
  sort: '',
  reverse: '',
  unref: '',
  catch: '',
}

function methodEdits(node: Node, text: string): Edit[] {
  const callee = node.type === 'CallExpression' ? childOf(node, 'callee') : undefined
  if (callee?.type !== 'MemberExpression' || callee.computed === true) return []
  const property = childOf(callee, 'property')
  const name = String(property.name)
  const other = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined
  if (other === undefined) return []
  const object = childOf(callee, 'object')
  return other === ''
    ? [whole('call', node, text.slice(object.start, object.end))]
    : [{ operator: 'call', start: property.start, end: property.end, replacement: other }]
}

const whole = (operator: string, { start, end }: Node, replacement: string): Edit => ({
  operator,
  start,
  end,
  replacement,
})

const childOf = (node: Node, key: string): Node => node[key] as Node
