/** Work in one turn of the event loop, in milliseconds: as long as a few verifications take. */
const TURN_MS = 0.25

/** To be waited for between the pieces of long work, however short they are. */
export type Pace = () => Promise<void>

/** Takes a turn when the last one has had enough of the work; its first has begun. */
export function createPace(
  takeTurn: () => Promise<void>,
  monotonicMs: () => number = () => performance.now(),
): Pace {
  let beganAtMs = monotonicMs()
  return async () => {
    if (monotonicMs() - beganAtMs < TURN_MS) return
    await takeTurn()
    beganAtMs = monotonicMs()
  }
}
