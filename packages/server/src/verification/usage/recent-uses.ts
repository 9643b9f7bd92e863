import type { Address } from '@latchkey/core/address'
import type { KeyId } from '@latchkey/core/ids'
import { networkOf } from '@latchkey/core/network'

/**
 * How often a key that is used all the time is written: `lastUsedAt` and the times of its networks are exact to the
 * minute. A write for each key and second would cost more than the verifications.
 */
const RESOLUTION_MS = 60_000
/** Keys, and networks of keys, remembered within that time; about 100 bytes each. */
const RECENT_MAX = 200_000

/**
 * What is new in a verdict, compared with the others within the minute: the use and with it its network, or only the
 * network.
 */
export type News = 'use' | 'network' | undefined

/** Which uses and networks of keys were noted within the minute. */
export function createRecentUses() {
  /** From where each key was last accepted. */
  let uses = new Map<KeyId, Address | undefined>()
  let networks = new Set<string>()
  let sinceMs = Number.NEGATIVE_INFINITY

  function isNewNetwork(id: KeyId, isAccepted: boolean, address: Address): boolean {
    const place = `${id} ${isAccepted} ${networkOf(address)}`
    if (networks.has(place)) return false
    networks.add(place)
    return true
  }

  return {
    newsOf(id: KeyId, isAccepted: boolean, address: Address | undefined, atMs: number): News {
      // When the clock was set back, everything counts as new.
      const isWithin = atMs >= sinceMs && atMs < sinceMs + RESOLUTION_MS
      if (!isWithin || uses.size >= RECENT_MAX || networks.size >= RECENT_MAX) {
        uses = new Map()
        networks = new Set()
        sinceMs = atMs
      }
      if (!isAccepted)
        return address !== undefined && isNewNetwork(id, isAccepted, address) ? 'network' : undefined
      const before = uses.get(id)
      if (before?.family === 4 && address?.family === 4 && before.value === address.value) return undefined
      const isFirst = before === undefined && !uses.has(id)
      uses.set(id, address)
      const isNew = address !== undefined && isNewNetwork(id, isAccepted, address)
      return isFirst ? 'use' : isNew ? 'network' : undefined
    },
    /** For a use that could not be written: the next one counts as new, without waiting for the next minute. */
    forget: (id: KeyId): void => void uses.delete(id),
  }
}
