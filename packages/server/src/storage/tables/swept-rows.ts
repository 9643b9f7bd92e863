/** Rows that one statement of the sweep takes away: some ms of the embedded store. A tenant can leave any number. */
export const SWEPT_ROWS = 1_000
