import { createHand } from './hand.ts'
import type { Limit } from './limit.ts'
import { type Charged, createLimitedKey, type LimitedKey, type LimitedKeyOptions } from './limited-key.ts'

/**
 * Keys that a process has leased something of; about 1 KB each. For one more, the oldest gives back what it has, if
 * nobody is asking for it.
 */
const KEYS_MAX = 50_000
/** Keys that are looked at to make room for one: when the authority is slow, very many may be waiting for it. */
const LOOKS_MAX = 16
/** What nobody used for so long is given back, in milliseconds. */
const IDLE_MS = 30_000

export type Limiter = {
  /** As `charge` of a LimitedKey. */
  charge(keyId: string, limits: readonly Limit[], cost: number): Charged | Promise<void>
  /** Gives back what nobody used for a while. */
  sweep(): void
  /** Gives everything back. Rejects when something could not be: it is lost to its key. */
  stop(): Promise<void>
}

/**
 * Holds keys to their limits in this process. One authority counts. This leases some units of it at a time, and uses
 * them without asking. A unit is used within its cell, by all clocks, or not at all.
 */
export function createLimiter<Moment>(options: LimitedKeyOptions<Moment>, keysMax = KEYS_MAX): Limiter {
  /** In the order in which room is made. */
  const keys = new Map<string, LimitedKey>()
  const hand = createHand({ map: keys, iterate: () => keys.entries() })

  function set(keyId: string, key: LimitedKey): void {
    keys.set(keyId, key)
    hand.noteSet()
  }

  function drop(keyId: string, key: LimitedKey): void {
    keys.delete(keyId)
    key.giveBack().catch(() => {})
  }

  /** One that waits for the authority goes to the end. */
  function makeRoom(): void {
    for (let looks = 0; keys.size >= keysMax && looks < LOOKS_MAX; looks++) {
      const [id, key] = hand.next()
      if (key.isAsking) {
        keys.delete(id)
        set(id, key)
      } else drop(id, key)
    }
  }

  function keyOf(keyId: string): LimitedKey {
    const known = keys.get(keyId)
    if (known !== undefined) return known
    makeRoom()
    const key = createLimitedKey(keyId, options)
    set(keyId, key)
    return key
  }

  return {
    charge: (keyId, limits, cost) => keyOf(keyId).charge(limits, cost),
    sweep() {
      for (const [id, key] of keys) if (!key.isAsking && key.idleMs > IDLE_MS) drop(id, key)
    },
    async stop() {
      const all = [...keys.values()]
      keys.clear()
      hand.begin()
      const given = await Promise.allSettled(all.map((key) => key.giveBack()))
      for (const each of given) if (each.status === 'rejected') throw each.reason
    },
  }
}
