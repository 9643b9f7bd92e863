import { setImmediate as nextTurn } from 'node:timers/promises'

/** Work in one turn of the event loop, in milliseconds: as long as some verifications take. */
const TURN_MS = 0.5

/** For work in pieces: waits for the next turn of the event loop when this one has had enough of it. */
export function createPause(monotonicMs: () => number = () => performance.now()): () => Promise<void> {
  let beganAtMs = monotonicMs()
  return async () => {
    if (monotonicMs() - beganAtMs < TURN_MS) return
    await nextTurn()
    beganAtMs = monotonicMs()
  }
}
