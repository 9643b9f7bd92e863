import type { Clock } from '@latchkey/core/clock'
import { createLimiter, type Limiter } from '@latchkey/core/limiter'
import { type Moment, momentOf, type Timing } from '@latchkey/core/timing'
import type { Engine } from '../storage/engine.ts'
import { findServerTimeMs } from '../storage/tables/key-limits.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { systemTiming, within } from './freshness/timing.ts'
import { createLimitAuthority } from './limit-authority.ts'

/** How often limits that nobody uses any more are looked for, in milliseconds. */
const SWEEP_MS = 10_000
/**
 * How long a process that stops may take to give back what it leased, in milliseconds. What is left then is lost to the
 * keys.
 */
const STOP_MS_MAX = 5_000

export type Limits = Pick<Limiter, 'charge' | 'stop'>

/** `clock`: that of a test, which replaces all others. */
export function createLimits(
  engine: Engine,
  clock: Clock | undefined,
  { leaseEnded: onEnd }: Pick<Metrics, 'leaseEnded'>,
): Limits {
  const timing = clock === undefined ? systemTiming : timingOf(clock)
  const isFleet = engine.store === 'postgres' && clock === undefined
  const limiter = createLimiter<Moment>({
    ask: createLimitAuthority({
      engine,
      nowMs: isFleet ? findServerTimeMs : async () => timing.wallMs(),
      timing,
      onEnd,
    }),
    now: () => momentOf(timing),
    betweenMs,
    defer: (callback) => void setImmediate(callback),
  })
  const timer = setInterval(limiter.sweep, SWEEP_MS)
  timer.unref()
  return {
    charge: limiter.charge,
    async stop() {
      clearInterval(timer)
      await within(timing, STOP_MS_MAX, limiter.stop())
    },
  }
}

const timingOf = ({ nowMs }: Clock): Timing => ({
  monotonicMs: nowMs,
  wallMs: nowMs,
  after: systemTiming.after,
})

/**
 * By the clock that shows more: the monotonic one stands still in suspend, the other may be set. Infinity: a clock went
 * back.
 */
function betweenMs(moment: Moment, now: Moment): number {
  const monotonicMs = now.monotonicMs - moment.monotonicMs
  const wallMs = now.wallMs - moment.wallMs
  return monotonicMs < 0 || wallMs < 0 ? Number.POSITIVE_INFINITY : Math.max(monotonicMs, wallMs)
}
