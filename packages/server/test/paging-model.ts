/** The paging rule of the contract, over rows in memory: what every page is held against. */

export type ModelRow = { readonly id: string; readonly userId: string; status: 'active' | 'inactive' }

export type ModelQuery = {
  readonly status: 'active' | 'inactive' | 'all'
  readonly limit: number
  readonly userId?: string | undefined
  readonly startingAfter?: string | undefined
  readonly endingBefore?: string | undefined
  readonly offset?: number | undefined
}

export type ModelPage = {
  readonly total: number
  readonly count: number
  readonly ids: readonly string[]
  /** Cursors of the neighbours; null: there is no such page. */
  readonly next: string | null
  readonly previous: string | null
}

/** Rows that match, newest first. `rows` is every row of the company, oldest first; none is ever removed. */
export function matching(rows: readonly ModelRow[], query: Pick<ModelQuery, 'status' | 'userId'>): string[] {
  return rows
    .filter((row) => query.status === 'all' || row.status === query.status)
    .filter((row) => query.userId === undefined || row.userId === query.userId)
    .map((row) => row.id)
    .reverse()
}

export function modelPage(rows: readonly ModelRow[], query: ModelQuery): ModelPage {
  const position = new Map(rows.map((row, index) => [row.id, index]))
  const all = matching(rows, query)
  const at = (id: string) => position.get(id)!
  const { limit, startingAfter, endingBefore, offset = 0 } = query
  let ids: string[]
  if (endingBefore !== undefined) {
    const newer = all.filter((id) => at(id) > at(endingBefore))
    ids = newer.slice(Math.max(0, newer.length - limit))
  } else if (startingAfter !== undefined) {
    ids = all.filter((id) => at(id) < at(startingAfter)).slice(0, limit)
  } else {
    ids = all.slice(offset, offset + limit)
  }
  const first = ids[0]
  const last = ids.at(-1)
  const hasOlder = last !== undefined && all.some((id) => at(id) < at(last))
  const hasNewer = first !== undefined && all.some((id) => at(id) > at(first))
  return {
    total: all.length,
    count: ids.length,
    ids,
    next: hasOlder ? last : null,
    previous: hasNewer ? first : null,
  }
}

/** Mulberry32: a small generator that a printed seed repeats. */
export function createRandom(seed: number) {
  let state = seed >>> 0
  const unit = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    below: (end: number): number => Math.floor(unit() * end),
    pick: <T>(choices: readonly T[]): T => choices[Math.floor(unit() * choices.length)]!,
  }
}

export type Random = ReturnType<typeof createRandom>
