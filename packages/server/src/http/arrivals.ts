import { setImmediate } from 'node:timers'

/** Requests of one group: beyond it the first would wait longer for the last, and hardly anything is gained. */
export const GROUP_MAX = 32
/** After a request that came alone, so many are begun as they come: whoever asks one after the other waits for nobody. */
export const ALONE_MAX = 16

/**
 * Gathers what comes in one turn of the event loop, and hands it over in groups when all that is there was read. A
 * packet that is read or written takes the processor's caches for the kernel: of requests that are worked on one after
 * the other only the first finds them cold.
 */
export function createArrivals<Arrival>(
  beginGroup: (group: readonly Arrival[]) => void,
): (arrival: Arrival) => void {
  let gathering: Arrival[] | undefined
  let alone = 0
  const begin = (group: readonly Arrival[]) => {
    if (gathering === group) gathering = undefined
    if (group.length === 1) alone = ALONE_MAX
    beginGroup(group)
  }
  return (arrival) => {
    if (alone > 0) {
      alone -= 1
      // By then the bytes that came with its headers were looked at: mostly they are all of its body.
      process.nextTick(beginGroup, [arrival])
      return
    }
    if (gathering === undefined || gathering.length === GROUP_MAX) {
      gathering = []
      setImmediate(begin, gathering)
    }
    gathering.push(arrival)
  }
}
