/** To be waited for between the pieces of long work, however short they are. */
export type Pace = () => Promise<void>

/** Takes a turn when the last one has had `turnMs` of the work; its first has begun. */
export function createPace(
  turnMs: number,
  takeTurn: () => Promise<unknown>,
  monotonicMs: () => number,
): Pace {
  let beganAtMs = monotonicMs()
  return async () => {
    if (monotonicMs() - beganAtMs < turnMs) return
    await takeTurn()
    beganAtMs = monotonicMs()
  }
}
