import { invalid } from '../options.ts'
import type { VerifyRequest, VerifyResult } from '../wire.ts'
import { type AddressOf, type ClientAddress, createAddressOf } from './address-of.ts'
import type { AcceptedKey } from './key-of.ts'
import { readPresented } from './presented.ts'
import { type Refusal, refusalOf, refuse } from './refusal.ts'
import type { Seen } from './seen.ts'

/** How a guard judges the requests of an application. */
export interface GuardOptions<Request> {
  /** Who is asked for verdicts: a client whose key has `keys:verify`. Or a verifier. */
  latchkey?: Asked
  /** In place of a client: judges in this process. */
  verifier?: Asked
  /** What every request needs, as area:action. */
  permission?: string
  /** All that this request needs; [] for nothing. Where it answers no list, the request is answered with 503. */
  permissions?: (request: Request) => readonly string[]
  /** What a request counts for in the limits of its key, 0 to 1,000; 1 where it is not said. Or a function that says it. */
  cost?: number | ((request: Request) => number)
  /**
   * Where a request comes from. 'peer' (default): the other end of the connection. trustedProxies: of these the hop that
   * X-Forwarded-For names. Or a function that says it; undefined: it cannot be told.
   */
  clientAddress?: ClientAddress<Request>
  /** Admits a request without a credential. One with a bad credential never. */
  optional?: boolean
  /** Hears of each refusal, before it is answered. */
  onRefused?: (refusal: Refusal, request: Request) => void
  /** Hears why no verdict could be had; the request is answered with 503. Default: a warning on the console. */
  onUnavailable?: (error: unknown, request: Request) => void
}

type Asked = { verify(attempt: VerifyRequest): VerifyResult | Promise<VerifyResult> }

/** `key` is undefined where no credential was sent and none is needed. */
type Decision = { readonly key: AcceptedKey | undefined } | { readonly refusal: Refusal }

export type Guard<Request> = (seen: Seen, request: Request) => Promise<Decision>

const NAMES = [
  'latchkey',
  'verifier',
  'permission',
  'permissions',
  'cost',
  'clientAddress',
  'optional',
  'onRefused',
  'onUnavailable',
]
const PERMISSION = /^[a-z0-9._-]+:[a-z0-9._-]+$/

/** Decides who may pass, before a body is read. Throws LatchkeyError `invalid_options`. */
export function createGuard<Request>(options: GuardOptions<Request>): Guard<Request> {
  const rules = { ...options, judge: soundJudge(options) }
  const addressOf = createAddressOf(options.clientAddress)
  const { onRefused, onUnavailable = warn } = options
  return async (seen, request) => {
    const decision = await decide(rules, addressOf, seen, request).catch((error: unknown): Decision => {
      onUnavailable(error, request)
      return {
        refusal: refuse(
          'cannot_verify',
          'Whether the key is valid cannot be told now: try again in a moment.',
          1,
        ),
      }
    })
    if ('refusal' in decision) onRefused?.(decision.refusal, request)
    return decision
  }
}

async function decide<Request>(
  {
    judge,
    permission,
    permissions,
    cost,
    optional = false,
  }: GuardOptions<Request> & { readonly judge: Asked },
  addressOf: AddressOf<Request>,
  seen: Seen,
  request: Request,
): Promise<Decision> {
  const presented = readPresented(seen)
  if ('refusal' in presented) {
    return optional && presented.isMissing ? { key: undefined } : { refusal: presented.refusal }
  }
  const ip = addressOf(seen, request)
  const needed = [
    ...(permission === undefined ? [] : [permission]),
    ...(permissions === undefined ? [] : listOf(permissions(request))),
  ]
  const verdict = await judge.verify({
    key: presented.key,
    ...(ip === undefined ? {} : { ip }),
    ...(needed.length === 0 ? {} : { permissions: needed }),
    ...(cost === undefined ? {} : { cost: typeof cost === 'function' ? cost(request) : cost }),
  })
  if (isAccepted(verdict)) return { key: verdict }
  return { refusal: refusalOf(verdict, { ip, needed, isToken: presented.isToken }) }
}

/** A function that says nothing, for a request that was not thought of, must not open the gate. */
function listOf(needed: unknown): readonly string[] {
  if (Array.isArray(needed)) return needed
  throw invalid('permissions answered no list: for a request that needs no permission, answer [].')
}

const isAccepted = (verdict: VerifyResult): verdict is AcceptedKey =>
  verdict.valid === true && verdict.code === 'VALID'

/** Who is asked. A misspelt option must not open the gate. */
function soundJudge(options: object): Asked {
  const given = options as Readonly<Record<string, unknown>>
  const unknown = Object.keys(given).find((name) => !NAMES.includes(name))
  if (unknown !== undefined) throw invalid(`A guard has no option ${unknown}: known are ${NAMES.join(', ')}.`)
  const { latchkey, verifier } = given
  if (latchkey !== undefined && verifier !== undefined) {
    throw invalid('A guard asks one: pass latchkey, or a verifier of it, and not both.')
  }
  const judge = (verifier ?? latchkey) as Asked | undefined
  if (typeof judge?.verify !== 'function') {
    throw invalid(
      'A guard needs a client: pass { latchkey: new Latchkey({ url, key }) }, or { verifier: latchkey.verifier() }.',
    )
  }
  if ('permission' in given && !(typeof given.permission === 'string' && PERMISSION.test(given.permission))) {
    throw invalid('permission is not one permission such as orders:read.')
  }
  if ('permissions' in given && typeof given.permissions !== 'function') {
    throw invalid(
      'permissions is not a function of the request: for the same ones each time, use permission.',
    )
  }
  if ('cost' in given && typeof given.cost !== 'function' && !isCost(given.cost)) {
    throw invalid('cost is no whole number from 0 to 1000, and no function of the request that says one.')
  }
  return judge
}

const isCost = (value: unknown): boolean =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 1_000

function warn(error: unknown): void {
  console.warn(
    `latchkey: a request was refused because no verdict could be had: ${error instanceof Error ? error.message : String(error)}`,
  )
}
