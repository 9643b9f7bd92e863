/** What people tell apart in a chart, in the order in which it is stacked. */
export const OUTCOME_GROUPS = [
  { id: 'accepted', word: 'accepted' },
  { id: 'address', word: 'refused by address' },
  { id: 'expired', word: 'expired' },
  { id: 'limited', word: 'limited' },
  { id: 'other', word: 'refused otherwise' },
] as const

export type OutcomeGroup = (typeof OUTCOME_GROUPS)[number]['id']

type Counts = Readonly<Partial<Record<string, number>>>

/** One day of use, as the API counts it. */
export type DayOfUse = { readonly date: string; readonly counts: Counts }

const GROUPS_BY_CODE: Readonly<Record<string, OutcomeGroup>> = {
  VALID: 'accepted',
  IP_NOT_ALLOWED: 'address',
  IP_REQUIRED: 'address',
  EXPIRED: 'expired',
  RATE_LIMITED: 'limited',
}

/** How many verdicts of these days are in each group; one that a later release has added is among the others. */
export function countGroups(days: readonly DayOfUse[]): Readonly<Record<OutcomeGroup, number>> {
  const sums = { accepted: 0, address: 0, expired: 0, limited: 0, other: 0 }
  for (const { counts } of days) {
    for (const [code, count] of Object.entries(counts)) sums[GROUPS_BY_CODE[code] ?? 'other'] += count ?? 0
  }
  return sums
}

export const refusedOf = (day: DayOfUse): number => {
  const { accepted, ...refused } = countGroups([day])
  return Object.values(refused).reduce((total, count) => total + count, 0)
}
