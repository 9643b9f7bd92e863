import { type Count, cellOf, countAt, type Limit, leftOf, type Span } from './limit.ts'

/** What the one authority knows of a key's limits, by their names. Nobody else changes the counts. */
export type Account = {
  /** When it last decided, by its own time, which never goes back. Milliseconds since the epoch. */
  readonly atMs: number
  /** What the clock showed then. */
  readonly seenMs: number
  readonly counts: ReadonlyMap<string, Count>
}

/** Names whose counts are kept: ten times as many as a key has limits. About 120 bytes each. */
const NAMES_MAX = 50

export const NEW_ACCOUNT: Account = { atMs: 0, seenMs: 0, counts: new Map() }

/** What a process asks for a key: it gives back units first, then wants others. */
export type LimitAsk = { readonly returns: readonly Return[]; readonly wants: readonly Want[] }

/** Units that were leased in a cell and not used. The process will not use them any more. */
export type Return = {
  readonly name: string
  readonly span: Span
  readonly cell: number
  readonly units: number
}

export type Want = {
  readonly limit: Limit
  /** Units that the waiting callers need together beyond what is at hand, and the least that helps one of them. */
  readonly needed: number
  readonly least: number
  /** Units to lease in advance besides, and how many are left at hand when the waiting callers are served. */
  readonly block: number
  readonly held: number
}

/** `count`: after the grant. Units may be used in the cell of the count only. */
export type Grant = { readonly name: string; readonly units: number; readonly count: Count }

export type LimitAnswer = {
  readonly atMs: number
  readonly grants: readonly Grant[]
}

/**
 * Decides an ask, at a moment that is never before the last one. Never leases more than is left. Beyond what is waited
 * for, no process has more than a third at hand: when it dies, no more than that is lost.
 */
export function decideAsk(
  account: Account,
  { returns, wants }: LimitAsk,
  nowMs: number,
): { readonly account: Account; readonly answer: LimitAnswer } {
  const atMs = timeOf(account, nowMs)
  const counts = new Map(account.counts)
  for (const given of returns) {
    const count = counts.get(given.name)
    if (count !== undefined) counts.set(given.name, takeBack(count, given))
  }
  const grants = wants.map(({ limit, needed, least, block, held }): Grant => {
    const { name, max, span } = limit
    const before = countAt(counts.get(name), { span }, atMs)
    const left = leftOf(before, max, atMs)
    const third = Math.floor((left + held - needed) / 3)
    const extra = Math.max(0, Math.min(block, third - held))
    const units = left < least ? 0 : Math.min(left, needed + extra)
    const count = { ...before, current: before.current + units }
    // The limit that was decided last is the newest.
    counts.delete(name)
    counts.set(name, count)
    return { name, units, count }
  })
  return { account: { atMs, seenMs: nowMs, counts: keptOf(counts, atMs) }, answer: { atMs, grants } }
}

/**
 * The time of the clock. When the clock was set back, time goes on from where it was, at half the pace, until the clock
 * has caught up: so no cell comes twice, and none lasts forever.
 */
function timeOf({ atMs, seenMs }: Account, nowMs: number): number {
  const passedMs = Math.max(0, nowMs - seenMs)
  return Math.max(nowMs, atMs + Math.floor(passedMs / 2))
}

function takeBack(count: Count, { span, cell, units }: Return): Count {
  if (count.span !== span) return count
  if (count.cell === cell) return { ...count, current: Math.max(0, count.current - units) }
  if (count.cell === cell + 1) return { ...count, previous: Math.max(0, count.previous - units) }
  return count
}

/**
 * Also keeps the counts of limits that the key does not have any more, while they still count: taking a limit off and
 * putting it on again refills nothing. When there are too many, the windows that were not asked for the longest go;
 * only somebody who keeps renaming limits could lift one so.
 */
function keptOf(counts: ReadonlyMap<string, Count>, atMs: number): ReadonlyMap<string, Count> {
  const kept = new Map([...counts].filter(([, { span, cell }]) => cellOf(span, atMs).index <= cell + 1))
  for (const [name, { span }] of kept) {
    if (kept.size <= NAMES_MAX) break
    if (typeof span === 'number') kept.delete(name)
  }
  return kept
}
