/** Days since 1970-01-01 in UTC: what use is counted by. */
export type Day = number
/** Months since January 1970, in UTC. */
export type Month = number

const DAY_MS = 86_400_000
const FORM = /^\d{4}-\d\d-\d\d$/

export const dayOf = (atMs: number): Day => Math.floor(atMs / DAY_MS)

export const startOfDayMs = (day: Day): number => day * DAY_MS

/** As `2026-11-28`. */
export const dateOf = (day: Day): string => new Date(startOfDayMs(day)).toISOString().slice(0, 10)

/** undefined: the text is no date. */
export function parseDate(text: string): Day | undefined {
  if (!FORM.test(text)) return undefined
  const atMs = Date.parse(`${text}T00:00:00Z`)
  if (Number.isNaN(atMs)) return undefined
  const day = dayOf(atMs)
  // The engine takes 30 February for 2 March.
  return dateOf(day) === text ? day : undefined
}

export const monthOf = (day: Day): Month => monthAt(startOfDayMs(day))

export function monthAt(atMs: number): Month {
  const date = new Date(atMs)
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()
}

export const startOfMonthMs = (month: Month): number => Date.UTC(1970, month, 1)

/** As `2026-11`. */
export const textOfMonth = (month: Month): string => dateOf(dayOf(startOfMonthMs(month))).slice(0, 7)
