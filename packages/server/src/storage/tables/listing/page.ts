import type { Db } from '../schema.ts'

/** A filter that no counter answers is counted up to here. */
const COUNTED_MAX = 10_000

/** What of a list is asked for. At most one cursor counts: `endingBefore` wins. */
export type PageRequest = {
  readonly limit: number
  readonly startingAfter?: string | undefined
  readonly endingBefore?: string | undefined
  readonly offset: number
}

/** One page of ids, newest first, from one snapshot. */
export type IdPage = {
  readonly total: number
  /** More rows match than were counted. */
  readonly isTotalMinimum: boolean
  readonly ids: readonly string[]
  readonly hasOlder: boolean
  readonly hasNewer: boolean
}

/** A range of ids: `above` and `below` leave their end out, `from` and `to` keep it. */
export type IdRange = {
  readonly above?: string
  readonly below?: string
  readonly from?: string
  readonly to?: string
}

/** How a list is read: all that differs between keys, users, companies and audit events. */
export type Listing = {
  /** Ids that match the filter, in order, at most `limit` after skipping `offset`. */
  ids(db: Db, range: IdRange, order: 'asc' | 'desc', limit: number, offset: number): Promise<string[]>
  /**
   * Present when the filter has no index of its own: ids of the unfiltered list, by which the filtered one is
   * read a chunk at a time, so that a search over millions of rows never holds the event loop.
   */
  unfilteredIds?(
    db: Db,
    range: IdRange,
    order: 'asc' | 'desc',
    limit: number,
    offset: number,
  ): Promise<string[]>
  /** The exact number of matches, where a counter keeps it. */
  total?(db: Db): Promise<number>
}

/** How fast a list is walked. */
export type Pace = {
  /** Rows that the next chunk may look at. */
  readonly chunkRows: number
  /** Called after each chunk with the rows it had: gives others their turn, or throws to give up. */
  pause(rows: number): Promise<void>
}

/** One reading of one list. */
type Walk = { readonly db: Db; readonly listing: Listing; readonly pace: Pace }

/**
 * Reads one page. The rule: with `endingBefore` the rows nearest above the cursor, else with `startingAfter`
 * those nearest below, else those after `offset`; always newest first. An older (newer) page exists when any
 * matching row is older than the last (newer than the first) one shown.
 */
export async function listPage(db: Db, listing: Listing, request: PageRequest, pace: Pace): Promise<IdPage> {
  const walk = { db, listing, pace }
  const total = listing.total === undefined ? undefined : await listing.total(db)
  const counted = total ?? (await collect(walk, {}, 'desc', COUNTED_MAX + 1, 0)).length
  const ids = await pageIds(walk, request, total)
  const first = ids[0]
  const last = ids.at(-1)
  const exists = async (range: IdRange, order: 'asc' | 'desc') =>
    (await collect(walk, range, order, 1, 0)).length > 0
  return {
    total: total ?? Math.min(counted, COUNTED_MAX),
    isTotalMinimum: total === undefined && counted > COUNTED_MAX,
    ids,
    hasOlder: last !== undefined && (await exists({ below: last }, 'desc')),
    hasNewer: first !== undefined && (await exists({ above: first }, 'asc')),
  }
}

async function pageIds(
  walk: Walk,
  request: PageRequest,
  total: number | undefined,
): Promise<readonly string[]> {
  const { limit, startingAfter, endingBefore, offset } = request
  if (endingBefore !== undefined) {
    return (await collect(walk, { above: endingBefore }, 'asc', limit, 0)).reverse()
  }
  if (startingAfter !== undefined) return collect(walk, { below: startingAfter }, 'desc', limit, 0)
  // Past the end the counter answers: no depth is too deep for it.
  if (total !== undefined && offset >= total) return []
  return collect(walk, {}, 'desc', limit, offset)
}

/** Up to `wanted` matching ids after skipping `skip` of them, read in chunks with a pause between. */
async function collect(
  walk: Walk,
  range: IdRange,
  order: 'asc' | 'desc',
  wanted: number,
  skip: number,
): Promise<string[]> {
  const { unfilteredIds } = walk.listing
  return unfilteredIds === undefined
    ? collectIndexed(walk, range, order, wanted, skip)
    : collectScanning(walk, unfilteredIds, range, order, wanted, skip)
}

async function collectIndexed(
  { db, listing, pace }: Walk,
  range: IdRange,
  order: 'asc' | 'desc',
  wanted: number,
  skip: number,
): Promise<string[]> {
  let rest = range
  let left = skip
  for (let rows = pace.chunkRows; left > rows; rows = pace.chunkRows) {
    const [edge] = await listing.ids(db, rest, order, 1, rows - 1)
    if (edge === undefined) return []
    rest = beyond(rest, edge, order)
    left -= rows
    await pace.pause(rows)
  }
  return listing.ids(db, rest, order, wanted, left)
}

async function collectScanning(
  { db, listing, pace }: Walk,
  unfilteredIds: NonNullable<Listing['unfilteredIds']>,
  range: IdRange,
  order: 'asc' | 'desc',
  wanted: number,
  skip: number,
): Promise<string[]> {
  const found: string[] = []
  let rest = range
  let left = skip
  for (;;) {
    const rows = pace.chunkRows
    const [edge] = await unfilteredIds(db, rest, order, 1, rows - 1)
    const piece = edge === undefined ? rest : { ...rest, ...upTo(edge, order) }
    const matching = await listing.ids(db, piece, order, left + wanted - found.length, 0)
    found.push(...matching.slice(left))
    left = Math.max(0, left - matching.length)
    if (edge === undefined || found.length >= wanted) return found
    rest = beyond(rest, edge, order)
    await pace.pause(rows)
  }
}

const upTo = (edge: string, order: 'asc' | 'desc'): IdRange =>
  order === 'desc' ? { from: edge } : { to: edge }

/** The rest of a range after an id that was read. */
export const beyond = (range: IdRange, edge: string, order: 'asc' | 'desc'): IdRange =>
  order === 'desc' ? { ...range, below: edge } : { ...range, above: edge }
