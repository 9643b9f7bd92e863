import type { Limit } from './limit.ts'
import type { Grant, LimitAnswer, Return, Want } from './limit-account.ts'
import { type Bucket, isRunningLow, isUsable, type Look, lookAt, nextBlock } from './limit-bucket.ts'

/** Names of which something is kept here: ten times as many as a key has limits. About 500 bytes each. */
const BUCKETS_MAX = 50

/** What a process has leased of the limits of one key, by their names. A unit is used once, or given back once. */
export type LimitLeases<Moment> = {
  /** undefined: the authority has to be asked. */
  look(limit: Limit, cost: number, now: Moment): Look | undefined
  /** Uses units that are at hand. */
  use(limits: readonly Limit[], cost: number): void
  /** Whether so little is at hand that more should be asked for in advance. */
  isLow(limit: Limit): boolean
  /** How many units to take in advance now, and how many are at hand. */
  need(limit: Limit, now: Moment): { readonly block: number; readonly atHand: number }
  /**
   * Takes out the units that are of no use here, to be given back. `isDue`: the limit will be asked for under other
   * terms.
   */
  giveUp(isDue: (limit: Limit) => boolean, now: Moment): Return[]
  /** `askedAt`: before the question was sent; `now`: when the answer came. */
  take(wants: readonly Want[], answer: LimitAnswer, askedAt: Moment, now: Moment): void
}

/** From one moment to a later one, in milliseconds; Infinity where the clocks do not agree on how long that is. */
export type Between<Moment> = (moment: Moment, now: Moment) => number

/** When it was by the authority, how long its answer took, and when it was asked. */
type Times<Moment> = Pick<Bucket, 'atMs' | 'slackMs'> & { readonly askedAt: Moment }

/** No clock is read here: whoever asks has looked at it once. */
export function createLimitLeases<Moment>(betweenMs: Between<Moment>): LimitLeases<Moment> {
  const buckets = new Map<string, { readonly bucket: Bucket; readonly askedAt: Moment }>()
  /** Their cell was over when the next ones came. */
  let overdue: Return[] = []

  const sinceOf = (name: string, now: Moment): number => {
    const known = buckets.get(name)
    return known === undefined ? Number.POSITIVE_INFINITY : betweenMs(known.askedAt, now)
  }
  const bucketOf = (name: string): Bucket | undefined => buckets.get(name)?.bucket

  function takeOne(
    { limit, needed, block, held }: Want,
    { units, count }: Grant,
    { atMs, slackMs, askedAt }: Times<Moment>,
  ) {
    const before = bucketOf(limit.name)
    const isSameCell = before?.count.cell === count.cell && before.count.span === count.span
    if (before !== undefined && !isSameCell) overdue.push(...emptied(before))
    const bucket: Bucket = {
      limit,
      count,
      atMs,
      slackMs,
      isShort: units < needed,
      block,
      lowAt: Math.floor(Math.max(0, units - needed + held) / 2),
      units: units + (isSameCell ? before.units : 0),
    }
    // What was asked for last is last.
    buckets.delete(limit.name)
    buckets.set(limit.name, { bucket, askedAt })
  }

  return {
    look: (limit, cost, now) => lookAt(bucketOf(limit.name), limit, cost, sinceOf(limit.name, now)),
    use(limits, cost) {
      for (const { name } of limits) bucketOf(name)!.units -= cost
    },
    isLow: ({ name }) => isRunningLow(bucketOf(name)!),
    need: ({ name }, now) => ({
      block: nextBlock(bucketOf(name), sinceOf(name, now)),
      atHand: bucketOf(name)?.units ?? 0,
    }),
    giveUp(isDue, now) {
      const returns = overdue
      overdue = []
      for (const { bucket } of buckets.values()) {
        if (isDue(bucket.limit) || !isUsable(bucket, sinceOf(bucket.limit.name, now)))
          returns.push(...emptied(bucket))
      }
      return returns
    },
    take(wants, { atMs, grants }, askedAt, now) {
      const times = { atMs, slackMs: betweenMs(askedAt, now), askedAt }
      for (const [index, grant] of grants.entries()) takeOne(wants[index]!, grant, times)
      overdue.push(...dropOldest(buckets))
    },
  }
}

/** Drops the oldest limits when there are too many. Returns what was left in them. */
function dropOldest(buckets: Map<string, { readonly bucket: Bucket }>): Return[] {
  const left: Return[] = []
  for (const [name, { bucket }] of buckets) {
    if (buckets.size <= BUCKETS_MAX) break
    left.push(...emptied(bucket))
    buckets.delete(name)
  }
  return left
}

/** Takes out what was left in it. */
function emptied(bucket: Bucket): Return[] {
  const { limit, count, units } = bucket
  bucket.units = 0
  return units === 0 ? [] : [{ name: limit.name, span: count.span, cell: count.cell, units }]
}
