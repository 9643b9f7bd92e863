import type { RequestOptions } from './request.ts'

/** What the address of the list says. */
export type KeyFilters = {
  readonly status?: 'inactive' | 'all' | undefined
  readonly user?: string | undefined
  readonly restricted?: 'yes' | 'no' | undefined
  readonly unused?: '30' | '90' | '365' | undefined
  readonly expiring?: '7' | '30' | undefined
  readonly search?: string | undefined
  readonly after?: string | undefined
  readonly before?: string | undefined
}

const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  status: ['inactive', 'all'],
  restricted: ['yes', 'no'],
  unused: ['30', '90', '365'],
  expiring: ['7', '30'],
}
const LENGTH_MAX = 100

/** An address that somebody has changed by hand gives the list without what it does not know. */
export function readKeyFilters(search: Record<string, unknown>): KeyFilters {
  const filters: Record<string, string> = {}
  for (const name of ['status', 'user', 'restricted', 'unused', 'expiring', 'search', 'after', 'before']) {
    const text = search[name] === undefined ? '' : String(search[name]).slice(0, LENGTH_MAX)
    if (text !== '' && (ALLOWED[name]?.includes(text) ?? true)) filters[name] = text
  }
  return filters as KeyFilters
}

const DAY_MS = 86_400_000

/** As the API asks for it. Whole days, so that the same filter is the same request for a while. */
export function queryOfKeys(filters: KeyFilters, nowMs: number): NonNullable<RequestOptions['query']> {
  const day = Math.floor(nowMs / DAY_MS) * DAY_MS
  const at = (days: number) => new Date(day + days * DAY_MS).toISOString()
  return {
    limit: 50,
    status: filters.status,
    userId: filters.user,
    restricted: filters.restricted === undefined ? undefined : filters.restricted === 'yes',
    unusedSince: filters.unused === undefined ? undefined : at(-Number(filters.unused)),
    expiringBefore: filters.expiring === undefined ? undefined : at(Number(filters.expiring) + 1),
    search: filters.search,
    startingAfter: filters.after,
    endingBefore: filters.before,
  }
}

export const isFiltered = ({ after: _after, before: _before, ...filters }: KeyFilters): boolean =>
  Object.keys(filters).length > 0

/** What the first page of this address asks for; undefined: it is not the list. */
export function firstQueryOfKeys(
  { pathname, search }: Pick<Location, 'pathname' | 'search'>,
  consolePath: string,
): RequestOptions['query'] {
  const place = pathname.slice(consolePath.length)
  if (place === '/keys') {
    return queryOfKeys(readKeyFilters(Object.fromEntries(new URLSearchParams(search))), Date.now())
  }
  // From there one is sent to the list.
  return place === '' || place === '/' ? queryOfKeys({}, Date.now()) : undefined
}
