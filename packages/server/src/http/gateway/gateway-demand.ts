import { nearest } from '@latchkey/core/nearest'
import { isPermission } from '@latchkey/core/permission'

/** What a gateway's configured URI asks for. Never a header, which a client could send. */
export type Demand = {
  readonly gatewayTokens: readonly string[]
  readonly permissions: readonly string[]
  /** How much of the key's limits a use takes. */
  readonly cost: number
  /** Why this cannot be what was meant, as a sentence. Then nobody is let through; undefined: nothing is wrong. */
  readonly fault: string | undefined
}

/**
 * Which part of a URI's query comes from the gateway. `before path=`: Envoy appends the client's path and query to its
 * own, so that they are the value of the parameter `path`, whatever they hold. `none`: all of the query is the
 * client's.
 */
export type Configured = 'all' | 'before path=' | 'none'

/**
 * Reads what a URI asks for. A gateway asks the same again and again: the last one is remembered, unless there is
 * a token in it.
 */
export function createDemandReader(): (url: string, configured: Configured) => Demand {
  let last: Read = { text: '', isOpen: false, demand: NO_DEMAND }
  return (url, configured) => {
    if (configured === 'none') return NO_DEMAND
    if (last.isOpen ? url.startsWith(last.text) : url === last.text) return last.demand
    const read = readDemand(url, configured)
    if (read.demand.gatewayTokens.length === 0) last = read
    return read.demand
  }
}

const NO_DEMAND: Demand = { gatewayTokens: [], permissions: [], cost: 1, fault: undefined }

/** `isOpen`: the text is followed by what a client sent, which differs each time. */
type Read = { readonly text: string; readonly isOpen: boolean; readonly demand: Demand }
type Parameter = readonly [name: string, value: string]

const NAMES = ['permission', 'gatewayToken', 'cost']
/** When a client writes one of these, it only makes its own request harder to allow. */
const NARROWING = ['permission', 'gatewayToken', 'path']
/** What is behind this one is the client's. */
const LAST_NAME = 'path'

function readDemand(url: string, configured: 'all' | 'before path='): Read {
  const start = url.search(/[?#]/)
  if (start < 0) return { text: url, isOpen: false, demand: NO_DEMAND }
  // The router ends the path there too, so that a demand written behind it would be asked of nobody.
  if (url[start] === '#') return { text: url, isOpen: false, demand: { ...NO_DEMAND, fault: FRAGMENT } }
  if (configured === 'all') {
    return { text: url, isOpen: false, demand: judge(parametersOf(url.slice(start + 1)), NAMES) }
  }
  const end = endOfConfigured(url, start + 1)
  const isOpen = end !== undefined
  const text = url.slice(0, end)
  const parameters = parametersOf(text.slice(start + 1))
  const known = [...NAMES, LAST_NAME]
  // Where Envoy's prefix is without a query, a client's `/?a=b` looks like a prefix with a slash too many: one that
  // names none of ours is the client's.
  const isBehindSlash = url[start - 1] === '/'
  if (isBehindSlash && !parameters.some(([name]) => isSpelledLike(name, NARROWING)))
    return { text, isOpen, demand: NO_DEMAND }
  const demand = judge(parameters, known)
  // A client may have written it there, but can only make its use cost more.
  return { text, isOpen, demand: isBehindSlash ? { ...demand, cost: Math.max(1, demand.cost) } : demand }
}

/** Behind the first `path=`; undefined: there is none. */
function endOfConfigured(url: string, start: number): number | undefined {
  const found = url.slice(start).search(/(^|&)path=/)
  return found < 0 ? undefined : url.indexOf('=', start + found) + 1
}

/** No gateway asks for as many things. One more is read, so that too many are noticed. */
const PARAMETERS_MAX = 64
const TOO_MANY = `The gateway's configured URI has more than ${PARAMETERS_MAX} parameters: name fewer permissions.`

const TWO_COSTS = "The gateway's configured URI has several costs: a use has one."
const COST_MAX = 1_000

/** URLSearchParams would drop a second question mark. */
const parametersOf = (query: string): Parameter[] => [
  ...new URLSearchParams(`?${query.split('&', PARAMETERS_MAX + 1).join('&')}`),
]

function judge(parameters: readonly Parameter[], known: readonly string[]): Demand {
  const valuesOf = (wanted: string) =>
    parameters.filter(([name]) => name === wanted).map(([, value]) => value)
  const costs = valuesOf('cost')
  const isTooMuch = parameters.length > PARAMETERS_MAX
  return {
    gatewayTokens: valuesOf('gatewayToken'),
    permissions: valuesOf('permission'),
    cost: Number(costs[0] ?? 1),
    fault: isTooMuch ? TOO_MANY : costs.length > 1 ? TWO_COSTS : firstFault(parameters, known),
  }
}

function firstFault(parameters: readonly Parameter[], known: readonly string[]): string | undefined {
  for (const parameter of parameters) {
    const fault = faultOf(parameter, known)
    if (fault !== undefined) return fault
  }
  return undefined
}

const FRAGMENT = "The gateway's configured URI holds a #, behind which nothing counts: leave it out."

/** A misspelt name or permission must never open the gate. */
function faultOf([name, value]: Parameter, known: readonly string[]): string | undefined {
  if (!known.includes(name)) {
    const suggestion = nearest(name, known)
    const hint = suggestion === undefined ? `known are ${known.join(', ')}.` : `did you mean ${suggestion}?`
    return `The gateway's configured URI has ${named('parameter', name)}, which is not known: ${hint}`
  }
  if (name === 'cost' && !(/^\d{1,4}$/.test(value) && Number(value) <= COST_MAX)) {
    return `The gateway's configured URI has ${named('cost', value)}, which is not a whole number from 0 to 1000.`
  }
  if (name !== 'permission' || isOnePermission(value)) return undefined
  return (
    `The gateway asks for ${named('permission', value)}, which is not one such as orders:read: ` +
    'check its configured URI.'
  )
}

function isOnePermission(text: string): boolean {
  return isPermission(text) && !text.includes('*')
}

const isSpelledLike = (name: string, known: readonly string[]): boolean =>
  known.some((each) => each.toLowerCase() === name.toLowerCase())

/** A misspelt name is short. A longer text may be a secret in the wrong place, or a client's path. */
const SHOWN_MAX = 24

const named = (what: string, text: string): string =>
  text.length > SHOWN_MAX ? `a ${what} of ${text.length} characters` : `the ${what} ${JSON.stringify(text)}`
