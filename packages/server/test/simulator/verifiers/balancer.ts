import type { Host } from '../fleet.ts'
import type { Random } from '../random.ts'

/** Which server a request goes to: mostly one, another one each time, or one after the other for a while. */
export type Balancer = {
  pick(): Host
  /** A request to it was not answered. */
  failed(host: Host): void
}

/** `moves`: how likely the next request goes elsewhere. */
export function createBalancer(random: Random, hosts: readonly Host[], moves: number): Balancer {
  let current = random.pick(hosts)
  return {
    pick() {
      if (random.chance(moves)) current = random.pick(hosts)
      return current
    },
    failed(host) {
      if (current === host) current = random.pick(hosts)
    },
  }
}
