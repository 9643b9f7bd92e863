import { type Address, formatAddress } from '@latchkey/core/address'
import type { KeyId } from '@latchkey/core/ids'
import type { VerifiableKey } from '@latchkey/core/key'
import type { Engine } from '../storage/engine.ts'
import { type Use, upsertUsage } from '../storage/usage.ts'

/** How long a use waits to be written, in milliseconds. */
const FLUSH_MS = 1_000
/**
 * A key that is used all the time is written once in so long: `lastUsedAt` is true to the minute. A write for each
 * key and second would cost more than the verifications.
 */
const RESOLUTION_MS = 60_000
/** Keys used between two flushes that are remembered one by one; about 100 bytes each. */
const PENDING_MAX = 50_000
/** The same within a minute; about 50 bytes each. */
const RECENT_MAX = 200_000
/** Rows in one write, so that other writes get their turn. */
const BATCH_ROWS = 500

type Pending = { readonly atMs: number; readonly address: Address | undefined }

export type Usage = {
  /** Notes an accepted use. Costs a map entry: no write belongs on the path of a verification. */
  note(id: VerifiableKey['id'], atMs: number, address: Address | undefined): void
  flush(): Promise<void>
  stop(): Promise<void>
}

export function createUsage(engine: Engine, onError: (error: unknown) => void): Usage {
  let pending = new Map<KeyId, Pending>()
  let flushing: Promise<void> = Promise.resolve()
  /** Keys noted since `sinceMs`; bounded as `pending` is. */
  let recent = new Set<KeyId>()
  let sinceMs = Number.NEGATIVE_INFINITY
  const timer = setInterval(() => void flush().catch(onError), FLUSH_MS)
  timer.unref()

  async function write(noted: Map<KeyId, Pending>): Promise<void> {
    const uses: Use[] = []
    for (const [keyId, { atMs, address }] of noted) {
      uses.push({ keyId, atMs, address: address === undefined ? null : formatAddress(address) })
    }
    // In one order everywhere: two servers that note the same keys must not wait for each other in a circle.
    uses.sort((one, other) => (one.keyId < other.keyId ? -1 : 1))
    for (let start = 0; start < uses.length; start += BATCH_ROWS) {
      const batch = uses.slice(start, start + BATCH_ROWS)
      try {
        await engine.write((db) => upsertUsage(db, batch))
      } catch (error) {
        // What is not written is not known: the next use is noted again, not the first in the next minute.
        for (const { keyId } of uses.slice(start)) recent.delete(keyId)
        throw error
      }
    }
  }

  function flush(): Promise<void> {
    if (pending.size === 0) return flushing
    const noted = pending
    pending = new Map()
    flushing = flushing.catch(() => {}).then(() => write(noted))
    return flushing
  }

  return {
    note(id, atMs, address) {
      if (!isOfKey(id)) return
      // A clock that was set back begins anew too.
      if (!(atMs >= sinceMs && atMs < sinceMs + RESOLUTION_MS)) {
        recent = new Set()
        sinceMs = atMs
      }
      if (recent.has(id)) return
      // When full, keys already noted still move; one that is new waits for a use after the next flush.
      if (pending.size >= PENDING_MAX && !pending.has(id)) return
      pending.set(id, { atMs, address })
      if (recent.size < RECENT_MAX) recent.add(id)
    },
    flush,
    async stop() {
      clearInterval(timer)
      await flush()
    },
  }
}

/**
 * Sessions and users are judged like keys, but only keys are asked when they were last used. Ids of what was judged
 * are sound: a look at the kind is enough, and a tenth of the cost of isId.
 */
const isOfKey = (id: VerifiableKey['id']): id is KeyId => id.startsWith('key_')
