import type { Limit } from './limit.ts'
import type { LimitAnswer, LimitAsk, Want } from './limit-account.ts'
import { isOther, type LimitState, type Look } from './limit-bucket.ts'
import { type Between, createLimitLeases } from './limit-leases.ts'

/** `limitedBy` null: it was charged. `retryAfterSeconds` null: no wait will help, or none is needed. */
export type Charged = {
  readonly states: readonly LimitState[]
  readonly limitedBy: string | null
  readonly retryAfterSeconds: number | null
}

export type LimitedKeyOptions<Moment> = {
  readonly ask: (keyId: string, ask: LimitAsk) => Promise<LimitAnswer>
  readonly now: () => Moment
  readonly betweenMs: Between<Moment>
  /** Calls back in the next turn, when all who ask in this one have asked. */
  readonly defer: (callback: () => void) => void
}

/** The limits of one key, and what this process has leased of them. */
export type LimitedKey = {
  /**
   * Charges all limits, or none. A promise: the authority has to be asked first. When it resolves, judge the key again
   * and charge again. It rejects when the authority does not answer.
   */
  charge(limits: readonly Limit[], cost: number): Charged | Promise<void>
  /** Gives back everything that is leased. It is not used any more, even if that fails. */
  giveBack(): Promise<void>
  /** Whether an answer of the authority is waited for. */
  readonly isAsking: boolean
  readonly idleMs: number
}

export function createLimitedKey<Moment>(keyId: string, options: LimitedKeyOptions<Moment>): LimitedKey {
  const { now, betweenMs } = options
  const leases = createLimitLeases(betweenMs)
  const asker = createAsker(keyId, options, leases)
  let usedAt = now()

  function charge(limits: readonly Limit[], cost: number): Charged | Promise<void> {
    usedAt = now()
    const looks: Look[] = []
    for (const limit of limits) {
      const look = leases.look(limit, cost, usedAt)
      if (look === undefined) asker.want(limit, cost)
      else looks.push(look)
    }
    if (looks.length < limits.length) return asker.ask()
    if (looks.some(({ freeInMs }) => freeInMs !== 0)) return refusalOf(looks)
    leases.use(limits, cost)
    if (cost > 0) askAhead(limits)
    const states = looks.map(({ state }) => ({ ...state, remaining: Math.max(0, state.remaining - cost) }))
    return { states, limitedBy: null, retryAfterSeconds: null }
  }

  /**
   * Asks before the lease is used up. Nobody waits for it: whoever needs it later asks again, and is told what is
   * wrong.
   */
  function askAhead(limits: readonly Limit[]): void {
    if (asker.isAsking) return
    const low = limits.filter(leases.isLow)
    for (const limit of low) asker.want(limit, 0, true)
    if (low.length > 0) asker.ask().catch(() => {})
  }

  return {
    charge,
    async giveBack() {
      // What is under way would be ours after everything was given back.
      if (asker.isAsking) await asker.ask().catch(() => {})
      const returns = leases.giveUp(() => true, now())
      if (returns.length > 0) await options.ask(keyId, { returns, wants: [] })
    },
    get isAsking() {
      return asker.isAsking
    },
    get idleMs() {
      return betweenMs(usedAt, now())
    },
  }
}

/** `needed`: by those who wait. `isTaken`: a block is to be leased besides. */
type Wanted = { readonly limit: Limit; needed: number; least: number; isTaken: boolean }

/** Asks for what callers want of a key: one ask at a time, for all of them together. */
function createAsker<Moment>(
  keyId: string,
  { ask: askAuthority, now, defer }: LimitedKeyOptions<Moment>,
  leases: ReturnType<typeof createLimitLeases<Moment>>,
) {
  /** What the next ask wants, by name. */
  let wanted = new Map<string, Wanted>()
  let asking: Promise<void> | undefined
  let isSent = false

  async function send(): Promise<void> {
    const last = wanted
    wanted = new Map()
    isSent = true
    const askedAt = now()
    const isDue = (limit: Limit) => {
      const want = last.get(limit.name)
      return want !== undefined && isOther(limit, want.limit)
    }
    const returns = leases.giveUp(isDue, askedAt)
    const wants = [...last.values()].map((want) => wantOf(want, leases.need(want.limit, askedAt)))
    const answer = await askAuthority(keyId, { returns, wants })
    leases.take(wants, answer, askedAt, now())
  }

  return {
    /** `isTaken`: a block is to be leased even if nobody waits for it. */
    want(limit: Limit, cost: number, isTaken = cost > 0): void {
      if (isSent) return
      const known = wanted.get(limit.name) ?? { limit, needed: 0, least: 0, isTaken: false }
      const least = known.least === 0 ? cost : Math.min(known.least, cost || known.least)
      wanted.set(limit.name, {
        limit,
        needed: known.needed + cost,
        least,
        isTaken: known.isTaken || isTaken,
      })
    },
    /** Whoever comes while an ask is under way waits for it, and looks again. */
    ask(): Promise<void> {
      asking ??= new Promise<void>((resolve) => defer(resolve)).then(send).finally(() => {
        asking = undefined
        isSent = false
      })
      return asking
    },
    get isAsking() {
      return asking !== undefined
    },
  }
}

/** What is at hand serves those who wait, too. */
const wantOf = (
  { limit, needed, least, isTaken }: Wanted,
  { block, atHand }: { readonly block: number; readonly atHand: number },
): Want => ({
  limit,
  needed: Math.max(0, needed - atHand),
  least: Math.max(0, least - atHand),
  block: isTaken ? block : 0,
  held: Math.max(0, atHand - needed),
})

function refusalOf(looks: readonly Look[]): Charged {
  const refused = looks.filter(({ freeInMs }) => freeInMs !== 0)
  const waits = refused.map(({ freeInMs }) => freeInMs ?? Number.POSITIVE_INFINITY)
  const seconds = Math.max(1, Math.ceil(Math.max(...waits) / 1_000))
  return {
    states: looks.map(({ state }) => state),
    limitedBy: refused[0]!.state.name,
    retryAfterSeconds: Number.isFinite(seconds) ? seconds : null,
  }
}
