import { type Count, cellOf, countAt, freeAtMs, type Limit, leftOf } from './limit.ts'

/** Units leased in advance: at first, at least and at most. The most is what a very busy key uses in some seconds. */
const BLOCK_FIRST = 8
const BLOCK_MAX = 1_000_000
/** A block that is used up sooner than this was too small; one that lasts longer than the other, too large. */
const SHORT_MS = 2_000
const LONG_MS = 20_000
/** How long this process believes that nothing is left: others may give something back meanwhile. */
const BELIEVED_MS = 5_000
/** Between two asks for a limit that had less than was wanted: a hundredth of its window, between these. */
const SPACING_MS_MIN = 20
const SPACING_MS_MAX = 1_000

/** What a process has of one limit. */
export type Bucket = {
  readonly limit: Limit
  /** The count as the authority had it when it was last asked, and when that was by its clock. */
  readonly count: Count
  readonly atMs: number
  /** How long the answer took: the authority's clock may be behind by as much. */
  readonly slackMs: number
  /** The authority had less than was wanted. */
  readonly isShort: boolean
  /** How many units are taken in advance at a time. */
  readonly block: number
  /** When fewer are at hand, more are asked for: half of what was leased in advance. */
  readonly lowAt: number
  /** Units at hand. They may be used in the cell of the count only. */
  units: number
}

/** How a limit stands, as a verdict tells it. `remaining`: by all that this process knows. */
export type LimitState = {
  readonly name: string
  readonly max: number
  readonly span: Limit['span']
  readonly remaining: number
  readonly resetAtMs: number
  readonly resetSeconds: number
}

/** `freeInMs` 0: there are units at hand; undefined: there never will be as many. */
export type Look = { readonly state: LimitState; readonly freeInMs: number | undefined }

/**
 * What is known of a limit without asking. `sinceMs`: how long ago its bucket was asked for, Infinity where the clocks
 * do not agree. undefined: the authority has to be asked.
 */
export function lookAt(
  bucket: Bucket | undefined,
  limit: Limit,
  cost: number,
  sinceMs: number,
): Look | undefined {
  if (bucket === undefined || isOther(bucket.limit, limit) || sinceMs === Number.POSITIVE_INFINITY) {
    return undefined
  }
  if (bucket.units > 0 && !isUsable(bucket, sinceMs)) return undefined
  const atMs = bucket.atMs + sinceMs
  const { span, max } = limit
  const { count, units } = bucket
  const known = countAt({ ...count, current: count.current - units }, limit, atMs)
  const state = stateOf(limit, leftOf(known, max, atMs), atMs)
  if (units >= cost) return { state, freeInMs: 0 }
  const free = freeAtMs(known, limit, cost, atMs)
  if (free === undefined) return { state, freeInMs: undefined }
  if (free > atMs && sinceMs < BELIEVED_MS) return { state, freeInMs: free - atMs + bucket.slackMs }
  const spacing = typeof span === 'number' ? spacingMs(span) : SPACING_MS_MAX
  const wasThere = leftOf(count, max, bucket.atMs) + units >= cost
  if (!bucket.isShort || wasThere || sinceMs >= spacing) return undefined
  return { state, freeInMs: spacing - sinceMs }
}

function stateOf({ name, max, span }: Limit, remaining: number, atMs: number): LimitState {
  const { endMs } = cellOf(span, atMs)
  return {
    name,
    max,
    span,
    remaining,
    resetAtMs: endMs,
    resetSeconds: Math.max(1, Math.ceil((endMs - atMs) / 1_000)),
  }
}

const spacingMs = (seconds: number): number =>
  Math.min(SPACING_MS_MAX, Math.max(SPACING_MS_MIN, seconds * 10))

/** Whether units are still in their cell. Not when the clocks disagree: then `sinceMs` is Infinity. */
export const isUsable = ({ count, atMs }: Bucket, sinceMs: number): boolean =>
  atMs + sinceMs < cellOf(count.span, atMs).endMs

export const isOther = (one: Limit, other: Limit): boolean => one.max !== other.max || one.span !== other.span

export function nextBlock(bucket: Bucket | undefined, sinceMs: number): number {
  if (bucket === undefined) return BLOCK_FIRST
  if (sinceMs < SHORT_MS) return Math.min(BLOCK_MAX, bucket.block * 2)
  return sinceMs > LONG_MS ? Math.max(BLOCK_FIRST, Math.floor(bucket.block / 2)) : bucket.block
}

/** Half of what was taken in advance is used, and there is more to be had. */
export const isRunningLow = ({ units, lowAt, isShort, count, limit, atMs }: Bucket): boolean =>
  !isShort && units < lowAt && leftOf(count, limit.max, atMs) >= BLOCK_FIRST
