/** UTC, milliseconds, `Z`. */
export function presentTime(atMs: number): string {
  // When something was made and when it was changed is mostly one moment.
  if (atMs !== last.atMs) last = { atMs, text: new Date(atMs).toISOString() }
  return last.text
}

let last = { atMs: Number.NaN, text: '' }

export const presentTimeOrNull = (atMs: number | null): string | null =>
  atMs === null ? null : presentTime(atMs)
