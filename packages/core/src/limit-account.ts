import { type Count, cellOf, countAt, type Limit, leftOf, type Span } from './limit.ts'

/** What the one authority knows of a key's limits: by name. Only it changes counts. */
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

/** What a process asks for a key: first it gives back, then it wants. */
export type LimitAsk = { readonly returns: readonly Return[]; readonly wants: readonly Want[] }

/** Units that were leased in a cell, were not used and never will be. */
export type Return = {
  readonly name: string
  readonly span: Span
  readonly cell: number
  readonly units: number
}

export type Want = {
  readonly limit: Limit
  /** Units that those who wait need together beyond what is at hand, and the least that is of use to one of them. */
  readonly needed: number
  readonly least: number
  /** Units beyond that, to have some at hand, and how many still are when those who wait were served. */
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
 * Decides an ask, at a moment that is never before the last one. Never leases more than is left; beyond what is waited
 * for, no process has more than a third of it at hand: more than that it does not take with it when it dies.
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
    // Whatever was decided last is last.
    counts.delete(name)
    counts.set(name, count)
    return { name, units, count }
  })
  return { account: { atMs, seenMs: nowMs, counts: keptOf(counts, atMs) }, answer: { atMs, grants } }
}

/**
 * The clock's, unless that was set back: then time goes on from where it was, at half the pace, until the clock is there
 * again. So no cell is passed twice, and none stands still.
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
 * Of limits that a key has no more, too, as long as they count for something: taking one off and on refills nothing. Of
 * very many the windows go that were not asked for the longest: whoever names them anew all the time could lift them.
 */
function keptOf(counts: ReadonlyMap<string, Count>, atMs: number): ReadonlyMap<string, Count> {
  const kept = new Map([...counts].filter(([, { span, cell }]) => cellOf(span, atMs).index <= cell + 1))
  for (const [name, { span }] of kept) {
    if (kept.size <= NAMES_MAX) break
    if (typeof span === 'number') kept.delete(name)
  }
  return kept
}
