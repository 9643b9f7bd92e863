import { formatAddress } from '@latchkey/core/address'
import type { KeyId } from '@latchkey/core/ids'
import type { Engine } from '../storage/engine.ts'
import { noteSecretUses } from '../storage/tables/secret-uses.ts'
import { type Use, upsertUsage } from '../storage/tables/usage.ts'
import type { SecretUse } from './secret-uses.ts'
import type { LastUse, UsageNotes } from './usage-notes.ts'

/** Rows in one write, so that other writes get their turn. */
const BATCH_ROWS = 500

/** Writes when keys and secrets were last used. */
export function createUseWriter(
  engine: Pick<Engine, 'write'>,
  notes: Pick<UsageNotes, 'takeUses' | 'forget'>,
) {
  let flushing: Promise<void> = Promise.resolve()

  async function writeUses(used: ReadonlyMap<KeyId, LastUse>): Promise<void> {
    const uses: Use[] = []
    for (const [keyId, { nowMs, address }] of used) {
      uses.push({ keyId, atMs: nowMs, address: address === undefined ? null : formatAddress(address) })
    }
    // In one order everywhere: two servers that note the same keys must not wait for each other in a circle.
    uses.sort((one, other) => (one.keyId < other.keyId ? -1 : 1))
    for (let start = 0; start < uses.length; start += BATCH_ROWS) {
      const batch = uses.slice(start, start + BATCH_ROWS)
      try {
        await engine.write((db) => upsertUsage(db, batch))
      } catch (error) {
        notes.forget(uses.slice(start).map(({ keyId }) => keyId))
        throw error
      }
    }
  }

  /** What fails is lost: the next use is noted again. */
  async function writeSecretUses(uses: readonly SecretUse[]): Promise<void> {
    for (let start = 0; start < uses.length; start += BATCH_ROWS) {
      await engine.write((db) => noteSecretUses(db, uses.slice(start, start + BATCH_ROWS)))
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
