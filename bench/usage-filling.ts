export type UsageFilling = {
  readonly keys: number
  /** Of them, others each day. */
  readonly usedDaily: number
  readonly days: number
  onProgress(day: number): void
}

/** What was filled in takes, in bytes. `month…`: a month of it once it is summed, and the days that it was. */
export type UsageSize = {
  readonly bytes: number
  readonly parts: Readonly<Record<string, number>>
  readonly monthBytes: number
  readonly monthOfDaysBytes: number
  /** Whose usage it is. */
  readonly keyIds: readonly string[]
}

/** The tables of usage, but for the months. */
export const PARTS = ['usage_days', 'usage_keys', 'usage_networks', 'key_usage'] as const

export const MONTH_DAYS = 30
/** One key in so many was refused on a day it was used. */
export const REFUSED_EVERY = 20
/** A key is used up to so often on a day. */
export const USES_MAX = 2_000
/** Each key was accepted from so many. */
export const NETWORKS = 2
/** The operator's company has the first number. */
export const COMPANY = 2
