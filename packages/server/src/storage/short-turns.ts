import { setImmediate as nextTurn } from 'node:timers/promises'
import { createPace, type Pace } from '@latchkey/core/pace'

/** Work in one turn of the event loop, in milliseconds: as long as some verifications take. */
const TURN_MS = 0.5

/** For work in pieces that is for no request: waits for the next turn of the event loop when this one has had enough of it. */
export const createPause = (monotonicMs: () => number = () => performance.now()): Pace =>
  createPace(TURN_MS, nextTurn, monotonicMs)
