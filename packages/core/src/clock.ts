/** Wall clock: milliseconds since the epoch. */
export type Clock = { nowMs(): number }
