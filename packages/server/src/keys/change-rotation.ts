import { AppError, type Fault, inputError } from '@latchkey/core/error'
import { assertOwn } from '@latchkey/core/escalation'
import { isId } from '@latchkey/core/ids'
import { explainTime, parseTime } from '@latchkey/core/time'
import type { Change } from '../changes/change.ts'
import { versionConflict } from '../changes/version-conflict.ts'
import { findKeyView, type KeyView } from '../storage/tables/keys.ts'
import type { Rotation } from '../storage/tables/rotation.ts'
import { endPrevious, findLatestReplaced, movePreviousEnd, restoreSecret } from '../storage/tables/secrets.ts'
import { keyNotFound } from './delete-key.ts'
import {
  findKeyToRotate,
  getView,
  keyNotActive,
  openRotation,
  saveRotated,
  withinLife,
} from './rotate-key.ts'

/** Seconds that a secret may live beside the one in its place: 30 days. */
const OVERLAP_SECONDS_MAX = 2_592_000

/**
 * Moves the end of the previous secret. A time that has come ends it: no server accepts it once the change is answered.
 * To ask again is fine and changes nothing, whatever `isExpected` says. `isExpected` decides on the key's version
 * (If-Match). Throws AppError: an input fault, `key_not_found`, `rotation_not_found`, `precondition_failed`, and for a
 * later end what `rotateKey` throws.
 */
export async function moveRotationEnd(
  change: Change,
  keyId: string,
  previousEndsAt: string,
  isExpected: (version: number) => boolean,
): Promise<KeyView> {
  const { nowMs } = change
  const key = await findRotatable(change, keyId)
  const wantedMs = parseEnd(previousEndsAt, nowMs)
  if (wantedMs <= nowMs && (await isOver(change, key, 'ended'))) {
    // It is over by this server's clock only: its end is stored for servers whose clocks are behind.
    if (key.rotation !== null) await endPrevious(change.db, key.id, key.rotation.previousEndsAtMs)
    return again(change, key)
  }
  const rotation = requireOpen(key, nowMs, isExpected)
  const endsAtMs = withinLife(key, Math.max(nowMs, wantedMs))
  // To let the old secret live longer is to give it out again.
  if (endsAtMs > rotation.previousEndsAtMs) await findKeyToRotate(change, keyId)
  if (endsAtMs === rotation.previousEndsAtMs) return again(change, key)
  await (endsAtMs > nowMs ? movePreviousEnd : endPrevious)(change.db, key.id, endsAtMs)
  await saveRotated(change, key, {})
  await change.record({
    action: 'key.rotation_changed',
    object: { type: 'key', id: key.id },
    changes: { previousEndsAt: [textOf(rotation.previousEndsAtMs), textOf(endsAtMs)] },
    isUrgent: endsAtMs < rotation.previousEndsAtMs,
  })
  return getView(change, key.id)
}

/**
 * Cancels a rotation: no server accepts the new secret once the change is answered, and the one before stays as it was.
 * To ask again is fine, as above, until the next rotation. `isExpected` as above. Throws AppError, as `rotateKey`, and
 * `rotation_not_found`.
 */
export async function cancelRotation(
  change: Change,
  keyId: string,
  isExpected: (version: number) => boolean,
): Promise<void> {
  const key = await findRotatable(change, keyId)
  if (await isOver(change, key, 'cancelled')) {
    again(change, key)
    return
  }
  const rotation = requireOpen(key, change.nowMs, isExpected)
  await findKeyToRotate(change, keyId)
  await restoreSecret(change.db, key.id, change.nowMs)
  // restoreSecret has put the texts and the ordinal of the old secret back.
  await saveRotated(change, await getView(change, key.id), {})
  await change.record({
    action: 'key.rotation_cancelled',
    object: { type: 'key', id: key.id },
    changes: { previousEndsAt: [textOf(rotation.previousEndsAtMs), null] },
  })
}

async function findRotatable(change: Change, keyId: string): Promise<KeyView> {
  const key = isId('key', keyId) ? await findKeyView(change.db, change.ledger.id, keyId) : undefined
  if (key === undefined) throw keyNotFound()
  assertOwn(change.principal, key.userId, 'rotate')
  if (key.deletedAtMs !== null) throw keyNotActive()
  return key
}

/** Whether the last rotation came to this end. */
async function isOver({ db, nowMs }: Change, key: KeyView, end: 'ended' | 'cancelled'): Promise<boolean> {
  if (openRotation(key, nowMs) !== null) return false
  const latest = await findLatestReplaced(db, key.id)
  return latest !== undefined && latest > key.secretOrdinal === (end === 'cancelled')
}

/** Whoever lost the first answer gets the same promise. */
function again(change: Change, key: KeyView): KeyView {
  change.revoke({ scope: 'key', id: key.id })
  return key
}

function requireOpen(key: KeyView, nowMs: number, isExpected: (version: number) => boolean): Rotation {
  const rotation = openRotation(key, nowMs)
  if (rotation === null) {
    throw new AppError(
      'rotation_not_found',
      'No rotation of this key is open: POST /keys/{keyId}/rotation begins one.',
    )
  }
  if (!isExpected(key.version)) throw versionConflict('key', key)
  return rotation
}

function parseEnd(text: string, nowMs: number): number {
  const atMs = parseTime(text)
  const faults: Fault[] = []
  const pointer = '/previousEndsAt'
  if (atMs === undefined) faults.push({ pointer, code: 'invalid_field', detail: explainTime(text) })
  else if (atMs > nowMs + OVERLAP_SECONDS_MAX * 1_000) {
    faults.push({
      pointer,
      code: 'invalid_field',
      detail: 'must be within 30 days: a secret that was replaced does not live on for longer.',
    })
  }
  if (atMs === undefined || faults.length > 0) throw inputError(faults)
  return atMs
}

const textOf = (atMs: number): string => new Date(atMs).toISOString()
