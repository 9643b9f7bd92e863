import { type KeyLimits, readKeyLimits } from '../../http/schema/key-limits.ts'
import type { Fields } from '../fields.ts'
import { isObject } from '../is-object.ts'

type Rest = readonly (readonly [string, unknown])[]

/**
 * The windows of a key, which slide as ours do (internal/services/keys/validation.go): of the table `ratelimits`
 * (internal/db/src/schema/identity.ts) or, before that, one in columns of the key. `duration` is in milliseconds; one
 * without `auto_apply` counts only for calls that ask for it. Those of an identity count all its keys together, and are
 * no key's. What is not the same here is left.
 */
export function unkeyRateLimits(fields: Fields): {
  readonly rateLimits: KeyLimits['rateLimits']
  readonly rest: Rest
} {
  const list = fields.json('ratelimits')
  const single = list === undefined ? fields.json('ratelimit') : undefined
  const columns = { limit: fields.number('ratelimit_limit'), duration: fields.number('ratelimit_duration') }
  const isOld = list === undefined && (single !== undefined || columns.limit !== undefined)
  const old = { ...(isObject(single) ? single : columns), name: 'default', autoApply: true }
  let rateLimits: KeyLimits['rateLimits'] = null
  const left: unknown[] = []
  for (const each of isOld ? [old] : [list ?? []].flat()) {
    const more = withOne(rateLimits, each)
    if (more === undefined) left.push(each)
    else rateLimits = more
  }
  if (isOld) return { rateLimits, rest: rateLimits === null ? [['ratelimit', single ?? columns]] : [] }
  const unused = Object.entries(columns).map(([name, value]) => [`ratelimit_${name}`, value] as const)
  return { rateLimits, rest: [['ratelimits', left.length === 0 ? undefined : left], ...unused] }
}

/** undefined: a key here cannot have it, or not beside the others. */
function withOne(others: KeyLimits['rateLimits'], found: unknown): KeyLimits['rateLimits'] | undefined {
  if (!isObject(found)) return undefined
  const { name, limit, duration, autoApply = found.auto_apply } = found
  if ((autoApply !== true && autoApply !== 1) || typeof duration !== 'number') return undefined
  const windowSeconds = duration / 1_000
  const read = readKeyLimits({ rateLimits: [...(others ?? []), { name, limit, windowSeconds }], quota: null })
  return 'faults' in read ? undefined : read.rateLimits
}

/**
 * What is left of the uses of a key, which is refused there without any. At midnight of UTC they are made as many as the
 * refill says (`RefillKey`, pkg/db/queries): each day, or on a day of each month. That is a quota of the day, or of the
 * month where it is the first.
 */
export function unkeyUses(fields: Fields) {
  const credits = fields.json('credits')
  const isApi = isObject(credits)
  const remaining = isApi ? credits.remaining : fields.number('remaining_requests', 'remaining')
  const refill = (isApi ? credits.refill : (fields.json('refill') ?? refillOf(fields))) ?? undefined
  const quota = quotaOf(refill, remaining)
  const rest: Rest = [
    ['remaining', remaining],
    ['refill', quota === null ? refill : undefined],
  ]
  const isSpent = remaining === 0 && refill === undefined
  return { isSpent, quota, rest, notes: notesOf(remaining, isSpent, quota) }
}

function notesOf(remaining: unknown, isSpent: boolean, quota: KeyLimits['quota']): string[] {
  if (isSpent) return ['Its uses are spent there: it comes in disabled.']
  if (typeof remaining !== 'number') return []
  const left = `It had ${remaining} uses left there`
  return quota === null
    ? [`${left}, which are not counted here.`]
    : [`${left} until the ${quota.period} is over; here its quota begins anew.`]
}

/** As the API writes it. Later tables have the day alone, which is that of a month. */
function refillOf(fields: Fields): object | undefined {
  const amount = fields.number('refill_amount')
  if (amount === undefined) return undefined
  const refillDay = fields.number('refill_day')
  const interval = fields.text('refill_interval') ?? (refillDay === undefined ? 'daily' : 'monthly')
  return { amount, interval, refillDay }
}

function quotaOf(refill: unknown, remaining: unknown): KeyLimits['quota'] {
  if (!isObject(refill) || typeof remaining !== 'number') return null
  const { amount, interval, refillDay = 1 } = refill
  const period =
    interval === 'daily' ? 'day' : interval === 'monthly' && refillDay === 1 ? 'month' : undefined
  // More than it is refilled to may be used there before the next refill.
  if (typeof amount !== 'number' || remaining > amount) return null
  const read = readKeyLimits({ rateLimits: null, quota: { limit: amount, period } })
  return 'faults' in read ? null : read.quota
}
