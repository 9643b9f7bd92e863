import { formatAddress } from '@latchkey/core/address'
import type { KeyId } from '@latchkey/core/ids'
import type { Engine } from '../storage/engine.ts'
import { createPause } from '../storage/short-turns.ts'
import type { Db } from '../storage/tables/schema.ts'
import { noteSecretUses } from '../storage/tables/secret-uses.ts'
import { type Use, upsertUsage } from '../storage/tables/usage.ts'
import { inOrder } from './in-order.ts'
import type { SecretUse } from './secret-uses.ts'
import type { LastUse, UsageNotes } from './usage-notes.ts'

/** Rows in one write, so that other writes get their turn. */
const BATCH_ROWS = 500
/** Rows that are written in one go: some tenths of a millisecond on the embedded store. */
const PIECE_ROWS = 100

/** Writes when keys and secrets were last used. */
export function createUseWriter(
  engine: Pick<Engine, 'writeUnsynced'>,
  notes: Pick<UsageNotes, 'takeUses' | 'forget'>,
) {
  const pause = createPause()
  let flushing: Promise<void> = Promise.resolve()

  async function writeBatch(db: Db, uses: readonly Use[]): Promise<void> {
    for (let start = 0; start < uses.length; start += PIECE_ROWS) {
      await pause()
      await upsertUsage(db, uses.slice(start, start + PIECE_ROWS))
    }
  }

  async function writeUses(used: ReadonlyMap<KeyId, LastUse>): Promise<void> {
    const left = new Set(used.keys())
    try {
      // In one order everywhere: two servers that note the same keys must not wait for each other in a circle.
      for await (const batch of inOrder([...used], {
        idOf: ([keyId]) => keyId,
        batchMax: BATCH_ROWS,
        pause,
      })) {
        await engine.writeUnsynced((db) => writeBatch(db, batch.map(useOf)))
        for (const [keyId] of batch) left.delete(keyId)
      }
    } catch (error) {
      notes.forget([...left])
      throw error
    }
  }

  /** What fails is lost: the next use is noted again. */
  async function writeSecretUses(uses: readonly SecretUse[]): Promise<void> {
    for (let start = 0; start < uses.length; start += BATCH_ROWS) {
      await engine.writeUnsynced((db) => noteSecretUses(db, uses.slice(start, start + BATCH_ROWS)))
    }
  }

  return {
    flush(): Promise<void> {
      const { ofKeys, ofSecrets } = notes.takeUses()
      if (ofKeys.size > 0 || ofSecrets.length > 0) {
        flushing = flushing
          .catch(() => {})
          .then(() => writeSecretUses(ofSecrets))
          .then(() => writeUses(ofKeys))
      }
      return flushing
    },
  }
}

const useOf = ([keyId, { nowMs, address }]: readonly [KeyId, LastUse]): Use => ({
  keyId,
  atMs: nowMs,
  address: address === undefined ? null : formatAddress(address),
})
