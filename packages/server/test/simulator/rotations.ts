import type { Fingerprint } from '@latchkey/core/fingerprint'
import type { KeyId } from '@latchkey/core/ids'
import { type Change, keyChange } from './changes.ts'
import type { ModelKey } from './model-contents.ts'
import type { ModelDb } from './model-engine.ts'
import {
  capPreviousEnd,
  endPrevious,
  movePreviousEnd,
  previousOf,
  replaceSecret,
  restoreSecret,
  tagsOf,
} from './model-secrets.ts'
import type { SimulatedKey, SimulatedSecret } from './server.ts'

/** As rotate-key.ts: without an overlap every older secret is over. */
export const rotation = (key: SimulatedKey, { fingerprint }: SimulatedSecret, overlapMs: number): Change =>
  keyChange(key, async (found, db, revoke, nowMs) => {
    if (found.status !== 'enabled') throw new Error('the key is not active')
    if (overlapMs > 0 && openEnd(found, nowMs) !== undefined) throw new Error('a rotation is open')
    revoke()
    const over = overlapMs > 0 ? found.replaced.map(({ tag }) => tag) : tagsOf(found)
    await setSecrets(db, key.id, over, (now) =>
      replaceSecret(capPreviousEnd(now, nowMs), fingerprint, { nowMs, endsAtMs: nowMs + overlapMs }),
    )
  })

/** As change-rotation.ts: by how much after now the previous secret is to end. */
export const moveOfEnd = (key: SimulatedKey, afterMs: number): Change =>
  keyChange(key, async (found, db, revoke, nowMs) => {
    const before = openEnd(found, nowMs)
    if (found.status === 'deleted' || before === undefined) throw new Error('no rotation is open')
    const endsAtMs = Math.max(nowMs, nowMs + afterMs)
    if (endsAtMs > before && found.status !== 'enabled') throw new Error('the key is not active')
    revoke()
    const over = endsAtMs > nowMs ? [] : [found.previousTag!]
    await setSecrets(db, key.id, over, (now) =>
      (endsAtMs > nowMs ? movePreviousEnd : endPrevious)(now, endsAtMs),
    )
  })

export const cancellation = (key: SimulatedKey): Change =>
  keyChange(key, async (found, db, revoke, nowMs) => {
    if (found.status !== 'enabled') throw new Error('the key is not active')
    if (openEnd(found, nowMs) === undefined) throw new Error('no rotation is open')
    revoke()
    await setSecrets(db, key.id, [found.tag], (now) => restoreSecret(now, nowMs))
  })

/** When the previous secret of an open rotation ends. */
export function openEnd(key: ModelKey, nowMs: number): number | undefined {
  const endsAtMs = previousOf(key)?.endsAtMs
  return endsAtMs !== undefined && endsAtMs > nowMs ? endsAtMs : undefined
}

async function setSecrets(
  db: ModelDb,
  id: KeyId,
  over: readonly Fingerprint[],
  change: (key: ModelKey) => ModelKey,
): Promise<void> {
  await db.change(({ keys }) => {
    const key = keys.get(id)
    if (key !== undefined) keys.set(id, { ...change(key), over: [...key.over, ...over] })
  })
}
