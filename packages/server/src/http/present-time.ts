/** UTC, milliseconds, `Z`. */
export const presentTime = (atMs: number): string => new Date(atMs).toISOString()

export const presentTimeOrNull = (atMs: number | null): string | null =>
  atMs === null ? null : presentTime(atMs)
