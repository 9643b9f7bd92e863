import { type Address, formatAddress } from '@latchkey/core/address'
import type { KeyId } from '@latchkey/core/ids'
import type { VerifiableKey } from '@latchkey/core/key'
import type { KeySecret } from '@latchkey/core/loaded-key'
import type { Engine } from '../storage/engine.ts'
import { noteSecretUses } from '../storage/tables/secret-uses.ts'
import { type Use, upsertUsage } from '../storage/tables/usage.ts'
import { createSecretUses, type SecretUse } from './secret-uses.ts'

/** How long a use waits to be written, in milliseconds. */
const FLUSH_MS = 1_000
/**
 * A key that is used all the time is written once in so long: `lastUsedAt` is true to the minute. A write for each
 * key and second would cost more than the verifications.
 */
const RESOLUTION_MS = 60_000
/** Uses noted before they are sorted; about 50 bytes each. */
const NOTED_MAX = 1_000
/** Keys used between two flushes that are remembered one by one; about 100 bytes each. */
const PENDING_MAX = 50_000
/** The same within a minute; about 50 bytes each. */
const RECENT_MAX = 200_000
/** Rows in one write, so that other writes get their turn. */
const BATCH_ROWS = 500

type Pending = { readonly atMs: number; readonly address: Address | undefined }
type Noted = Pending & { readonly id: VerifiableKey['id'] }

export type Usage = {
  /** Notes an accepted use. Costs an entry of a list: no write belongs on the path of a verification. */
  note(id: VerifiableKey['id'], atMs: number, address: Address | undefined, secret?: KeySecret): void
  flush(): Promise<void>
  stop(): Promise<void>
}

export function createUsage(engine: Engine, onError: (error: unknown) => void): Usage {
  /** As they came: to look each of them up at once would cost a verification more than to be noted. */
  const noted: Noted[] = []
  const unwritten = createUnwritten()
  const secretUses = createSecretUses()
  let flushing: Promise<void> = Promise.resolve()
  const timer = setInterval(() => void flush().catch(onError), FLUSH_MS)
  timer.unref()

  async function write(used: ReadonlyMap<KeyId, Pending>): Promise<void> {
    const uses: Use[] = []
    for (const [keyId, { atMs, address }] of used) {
      uses.push({ keyId, atMs, address: address === undefined ? null : formatAddress(address) })
    }
    // In one order everywhere: two servers that note the same keys must not wait for each other in a circle.
    uses.sort((one, other) => (one.keyId < other.keyId ? -1 : 1))
    for (let start = 0; start < uses.length; start += BATCH_ROWS) {
      const batch = uses.slice(start, start + BATCH_ROWS)
      try {
        await engine.write((db) => upsertUsage(db, batch))
      } catch (error) {
        unwritten.forget(uses.slice(start))
        throw error
      }
    }
  }

  function sort(): void {
    for (const use of noted) unwritten.add(use)
    noted.length = 0
  }

  function flush(): Promise<void> {
    sort()
    const used = unwritten.take()
    const ofSecrets = secretUses.take()
    if (used.size > 0 || ofSecrets.length > 0) {
      flushing = flushing
        .catch(() => {})
        .then(() => writeSecretUses(engine, ofSecrets))
        .then(() => write(used))
    }
    return flushing
  }

  return {
    note(id, atMs, address, secret) {
      if (secret !== undefined && (secret.endsAtMs !== null || secret.replaces !== null)) {
        secretUses.note(secret, atMs, address === undefined ? null : formatAddress(address))
      }
      noted.push({ id, atMs, address })
      if (noted.length === NOTED_MAX) sort()
    },
    flush,
    async stop() {
      clearInterval(timer)
      await flush()
    },
  }
}

/** What fails is lost: the next use is noted again. */
async function writeSecretUses(engine: Engine, uses: readonly SecretUse[]): Promise<void> {
  for (let start = 0; start < uses.length; start += BATCH_ROWS) {
    await engine.write((db) => noteSecretUses(db, uses.slice(start, start + BATCH_ROWS)))
  }
}

/** The uses that are to be written: of each key the first in RESOLUTION_MS. */
function createUnwritten() {
  let pending = new Map<KeyId, Pending>()
  /** Keys added since `sinceMs`; bounded as `pending` is. */
  let recent = new Set<KeyId>()
  let sinceMs = Number.NEGATIVE_INFINITY
  return {
    add({ id, atMs, address }: Noted): void {
      if (!isOfKey(id)) return
      // A clock that was set back begins anew too.
      if (!(atMs >= sinceMs && atMs < sinceMs + RESOLUTION_MS)) {
        recent = new Set()
        sinceMs = atMs
      }
      if (recent.has(id)) return
      // When full, keys already there still move; one that is new waits for a use after the next flush.
      if (pending.size >= PENDING_MAX && !pending.has(id)) return
      pending.set(id, { atMs, address })
      if (recent.size < RECENT_MAX) recent.add(id)
    },
    take(): ReadonlyMap<KeyId, Pending> {
      const taken = pending
      pending = new Map()
      return taken
    },
    /** What was not written is not known: the next use is added again, not the first in the next minute. */
    forget(uses: readonly Use[]): void {
      for (const { keyId } of uses) recent.delete(keyId)
    },
  }
}

/**
 * Sessions and users are judged like keys, but only keys are asked when they were last used. Ids of what was judged
 * are sound: a look at the kind is enough, and a tenth of the cost of isId.
 */
const isOfKey = (id: VerifiableKey['id']): id is KeyId => id.startsWith('key_')
