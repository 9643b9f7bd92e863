import type { Limit } from './limit.ts'
import { type Charged, createLimitedKey, type LimitedKey, type LimitedKeyOptions } from './limited-key.ts'

/** Keys that a process has something of at hand; about 1 KB each. For one more the oldest is given back. */
const KEYS_MAX = 50_000
/** What was at hand so long for nobody is given back, in milliseconds. */
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
 * Holds keys to their limits in this process. One authority counts; this takes units of it on lease, some at a time, and
 * uses them without asking. A unit is used in its cell, by all clocks, or not at all.
 */
export function createLimiter<Moment>(options: LimitedKeyOptions<Moment>, keysMax = KEYS_MAX): Limiter {
  const keys = new Map<string, LimitedKey>()

  function drop(keyId: string, key: LimitedKey): void {
    keys.delete(keyId)
    key.giveBack().catch(() => {})
  }

  function keyOf(keyId: string): LimitedKey {
    const known = keys.get(keyId)
    if (known !== undefined) return known
    if (keys.size >= keysMax) {
      for (const [id, key] of keys) {
        if (key.isAsking) continue
        drop(id, key)
        break
      }
    }
    const key = createLimitedKey(keyId, options)
    keys.set(keyId, key)
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
      const given = await Promise.allSettled(all.map((key) => key.giveBack()))
      for (const each of given) if (each.status === 'rejected') throw each.reason
    },
  }
}
