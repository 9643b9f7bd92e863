import { setImmediate } from 'node:timers'

/** Members of one group: beyond it the first would wait longer for the last, and hardly anything is gained. */
export const GROUP_MAX = 32
/** After one that came alone, so many are handed over as they come: whoever asks one after the other waits for nobody. */
export const ALONE_MAX = 16

/**
 * Gathers what comes in one turn of the event loop, and hands it over in groups, in its order, when all that is there
 * has come. A packet that is read or written takes the processor's caches for the kernel: of requests that are worked on
 * one after the other, and of answers that are sent so, only the first finds them cold. `handOverAlone`: takes one that
 * waits for no others.
 */
export function createGroups<Member>(
  handOver: (group: readonly Member[]) => void,
  handOverAlone: (member: Member) => void = (member) => handOver([member]),
): (member: Member) => void {
  let gathering: Member[] | undefined
  let alone = 0
  const end = (group: readonly Member[]) => {
    if (gathering === group) gathering = undefined
    if (group.length === 1) alone = ALONE_MAX
    handOver(group)
  }
  return (member) => {
    if (alone > 0) {
      alone -= 1
      handOverAlone(member)
      return
    }
    if (gathering === undefined || gathering.length === GROUP_MAX) {
      gathering = []
      setImmediate(end, gathering)
    }
    gathering.push(member)
  }
}
