import type { Host } from '../fleet.ts'
import type { Random } from '../random.ts'

/** Which server a request goes to: mostly one, another one each time, or one after the other for a while. */
export type Balancer = {
  pick(): Host
  /** Where requests go now. */
  readonly current: Host
  /** Sends all of them to this one; undefined: as before. */
  pin(host: Host | undefined): void
  /** A request to it was not answered. */
  failed(host: Host): void
}

/** `moves`: how likely the next request goes elsewhere. */
export function createBalancer(random: Random, hosts: readonly Host[], moves: number): Balancer {
  let current = random.pick(hosts)
  let isPinned = false
  return {
    get current() {
      return current
    },
    pin(host) {
      isPinned = host !== undefined
      current = host ?? current
    },
    pick() {
      if (isPinned) return current
      if (random.chance(moves)) current = random.pick(hosts)
      return current
    },
    failed(host) {
      if (!isPinned && current === host) current = random.pick(hosts)
    },
  }
}
