import { createPace, type Pace } from '@latchkey/core/pace'

/** Work in one turn of the event loop, in milliseconds: as long as a few verifications take. */
const TURN_MS = 0.25

/** The pace of long work for one request, which stands in line with others for its turns. */
export const createRequestPace = (
  takeTurn: () => Promise<void>,
  monotonicMs: () => number = () => performance.now(),
): Pace => createPace(TURN_MS, takeTurn, monotonicMs)
