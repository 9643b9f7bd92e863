import { setImmediate } from 'node:timers'

/**
 * Members of one group. In a larger one the first would wait longer for the last, and hardly anything would be gained.
 */
export const GROUP_MAX = 32
/**
 * After one that came alone, so many are handed over as they come: a client that sends one request after the other does
 * not wait for others.
 */
export const ALONE_MAX = 16

/**
 * Gathers what comes in one turn of the event loop, and hands it over in groups, in order, at the end of the turn.
 * Reading or writing a packet fills the processor's caches with the kernel's own data. When requests are worked on one
 * right after the other, and answers sent so, only the first of a group finds the caches cold. `handOverAlone`: takes
 * one that waits for no others.
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
