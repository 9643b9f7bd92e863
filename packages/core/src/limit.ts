import { dayOf, monthAt, startOfDayMs, startOfMonthMs } from './calendar.ts'

/** What a key may be used at most. `span`: seconds of a sliding window, or a period of the calendar in UTC. */
export type Limit = { readonly name: string; readonly max: number; readonly span: Span }

export type Span = number | 'day' | 'month'

/** The name under which a quota stands among the limits of a key. */
export const QUOTA_NAME = 'quota'

/** How often a key may be used within a window that slides. */
export type RateLimit = { readonly name: string; readonly limit: number; readonly windowSeconds: number }

/** The same in a day or month of UTC. */
export type UseQuota = { readonly limit: number; readonly period: 'day' | 'month' }

/** Rate limits, then the quota. null: there are none. */
export function compileLimits(
  rateLimits: readonly RateLimit[] | null,
  quota: UseQuota | null,
): readonly Limit[] | null {
  if (rateLimits === null && quota === null) return null
  const limits = (rateLimits ?? []).map(
    ({ name, limit, windowSeconds }): Limit => ({ name, max: limit, span: windowSeconds }),
  )
  return quota === null ? limits : [...limits, { name: QUOTA_NAME, max: quota.limit, span: quota.period }]
}

/** Whether the one limit is as strict as the other of the same name: no more uses, in a window no shorter. */
export const isWithinLimit = (wanted: Limit, held: Limit): boolean =>
  wanted.name === held.name && wanted.max <= held.max && rankOf(wanted.span) >= rankOf(held.span)

/** Quotas are compared with quotas only, for they have a name of their own. */
const rankOf = (span: Span): number => (typeof span === 'number' ? span : span === 'day' ? 1 : 2)

/**
 * What was used of a limit: in the current cell of time, and in the one before. Cells are aligned to the epoch. What a
 * process has leased counts as used.
 */
export type Count = {
  readonly span: Span
  readonly cell: number
  readonly previous: number
  readonly current: number
}

/** From when until when a cell is, in milliseconds since the epoch. */
type Cell = { readonly index: number; readonly startMs: number; readonly endMs: number }

export function cellOf(span: Span, nowMs: number): Cell {
  if (span === 'day') {
    const index = dayOf(nowMs)
    return { index, startMs: startOfDayMs(index), endMs: startOfDayMs(index + 1) }
  }
  if (span === 'month') return cellOfMonth(nowMs)
  const windowMs = span * 1_000
  const index = Math.floor(nowMs / windowMs)
  return { index, startMs: index * windowMs, endMs: (index + 1) * windowMs }
}

let lastMonth: Cell = { index: -1, startMs: 0, endMs: 0 }

/**
 * Remembers the last one, which is nearly always asked for again: to work out a month takes three dates, which would
 * slow a check.
 */
function cellOfMonth(nowMs: number): Cell {
  if (nowMs < lastMonth.startMs || nowMs >= lastMonth.endMs) {
    const index = monthAt(nowMs)
    lastMonth = { index, startMs: startOfMonthMs(index), endMs: startOfMonthMs(index + 1) }
  }
  return lastMonth
}

/** The count as it is in the cell of `nowMs`, which is not before the count's own. undefined: nothing was used yet. */
export function countAt(count: Count | undefined, { span }: Pick<Limit, 'span'>, nowMs: number): Count {
  const { index } = cellOf(span, nowMs)
  if (count === undefined) return { span, cell: index, previous: 0, current: 0 }
  // Another window: what counted in the old one counts in the current cell, so that a change refills nothing.
  if (count.span !== span) {
    const before = countAt(count, count, nowMs)
    return { span, cell: index, previous: 0, current: usedOf(before, nowMs) }
  }
  if (count.cell >= index) return count
  const isNext = count.cell === index - 1 && typeof span === 'number'
  return { span, cell: index, previous: isNext ? count.current : 0, current: 0 }
}

/**
 * The weighted sum: what was used in the cell before counts as far as the window still reaches into it. To the nearest
 * whole unit: by the one above, one use a minute would be one in two.
 */
function usedOf({ span, cell, previous, current }: Count, nowMs: number): number {
  if (previous === 0 || typeof span !== 'number') return current
  const windowMs = span * 1_000
  const elapsedMs = Math.min(Math.max(nowMs - cell * windowMs, 0), windowMs)
  return Math.round((previous * (windowMs - elapsedMs)) / windowMs) + current
}

/** Units that are left now. `count` is of the cell of `nowMs`. */
export const leftOf = (count: Count, max: number, nowMs: number): number =>
  Math.max(0, max - usedOf(count, nowMs))

/**
 * When so many units are left, if nobody uses any meanwhile, in milliseconds since the epoch; undefined: never, for the
 * limit has not as many.
 */
export function freeAtMs(
  count: Count,
  { max, span }: Limit,
  cost: number,
  nowMs: number,
): number | undefined {
  if (cost > max) return undefined
  if (leftOf(count, max, nowMs) >= cost) return nowMs
  const cell = cellOf(span, nowMs)
  if (typeof span !== 'number') return cell.endMs
  const windowMs = span * 1_000
  // What is used in the current cell leaves room for it. If not, the current cell is the one before in the next.
  const room = max - cost - count.current
  let atMs =
    room < 0
      ? cell.endMs + Math.ceil(crossing(count.current, max - cost) * windowMs)
      : cell.startMs + Math.ceil(crossing(count.previous, room) * windowMs)
  // What is used is rounded: a millisecond may be missing.
  while (leftOf(countAt(count, { span }, atMs), max, atMs) < cost) atMs += 1
  return Math.max(atMs, nowMs)
}

/** After which part of a cell the weighted rest of the one before, which is more than `room`, rounds to it. */
const crossing = (previous: number, room: number): number => 1 - (room + 0.5) / previous
