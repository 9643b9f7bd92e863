import { formatAddress } from '@latchkey/core/address'
import type { Engine } from '../../storage/engine.ts'
import { createPause } from '../../storage/short-turns.ts'
import { noteSecretUses } from '../../storage/tables/secret-uses.ts'
import { type Use, upsertUsage } from '../../storage/tables/usage.ts'
import type { Rests } from './rests.ts'
import type { SecretUse } from './secret-uses.ts'
import { sortInPieces } from './sort-in-pieces.ts'
import type { LastUse, UsageNotes } from './usage-notes.ts'

/** Rows in one write: some tenths of a millisecond on the embedded store. */
const BATCH_ROWS = 100

/** Writes when keys and secrets were last used. */
export function createUseWriter(
  engine: Pick<Engine, 'writeUnsynced'>,
  notes: Pick<UsageNotes, 'takeUses' | 'forget'>,
  rests: Rests,
) {
  const pause = createPause()
  let flushing: Promise<void> = Promise.resolve()

  async function writeUses(used: readonly LastUse[]): Promise<void> {
    let written = 0
    // In one order everywhere: two servers that note the same keys must not wait for each other in a circle.
    const sorted = await sortInPieces(used, { idOf, compare: () => 0, pause })
    try {
      while (written < sorted.length) {
        const batch = sorted.slice(written, written + BATCH_ROWS).map(useOf)
        await engine.writeUnsynced((db) => upsertUsage(db, batch))
        written += batch.length
        await rests.rest(Math.ceil((sorted.length - written) / BATCH_ROWS))
      }
    } catch (error) {
      notes.forget(sorted.slice(written).map(({ keyId }) => keyId))
      throw error
    }
  }

  /** What fails is lost: the next use is noted again. */
  async function writeSecretUses(uses: readonly SecretUse[]): Promise<void> {
    for (let start = 0; start < uses.length; start += BATCH_ROWS) {
      await engine.writeUnsynced((db) => noteSecretUses(db, uses.slice(start, start + BATCH_ROWS)))
    }
  }

  async function write({ ofKeys, ofSecrets }: ReturnType<UsageNotes['takeUses']>): Promise<void> {
    rests.begin()
    try {
      await writeSecretUses(ofSecrets)
    } catch (error) {
      notes.forget(ofKeys.map(({ keyId }) => keyId))
      throw error
    }
    await writeUses(ofKeys)
  }

  /** A failure rejects this flush, and none after it. */
  function flushSlowly(): Promise<void> {
    const uses = notes.takeUses()
    flushing = flushing.catch(() => {}).then(() => write(uses))
    return flushing
  }

  return {
    /** Without rests, for somebody who waits. */
    flush: (): Promise<void> => rests.without(flushSlowly),
    flushSlowly,
  }
}

const idOf = ({ keyId }: LastUse): string => keyId

const useOf = ({ keyId, nowMs, address }: LastUse): Use => ({
  keyId,
  atMs: nowMs,
  address: address === undefined ? null : formatAddress(address),
})
