import { type Ceiling, lowerCeiling } from '@latchkey/core/ceiling'
import { AppError } from '@latchkey/core/error'
import { assertCovers, assertNotAbove, assertOwn, assertWithinReach } from '@latchkey/core/escalation'
import { fingerprintBytes } from '@latchkey/core/fingerprint'
import { hintOf } from '@latchkey/core/hint'
import { isId } from '@latchkey/core/ids'
import { generateSecret } from '@latchkey/core/secret'
import type { Change } from '../changes/change.ts'
import { versionConflict } from '../changes/version-conflict.ts'
import type { Key } from '../storage/tables/key.ts'
import { findKeyView, type KeyView, updateKey } from '../storage/tables/keys.ts'
import type { Rotation } from '../storage/tables/rotation.ts'
import { capPreviousEnd, replaceSecret } from '../storage/tables/secrets.ts'
import { findUser } from '../storage/tables/users.ts'
import type { CreatedKey, CreateKeyDeps } from './create-key.ts'
import { keyNotFound } from './delete-key.ts'
import { authorityOf, grantableBy, reachOf } from './grant.ts'

/** Seconds that the old secret lives where nothing is said: a day. */
const OVERLAP_SECONDS = 86_400

/**
 * Gives a key a new secret. The old one lives for the overlap. Without one it ends with the change: no server accepts
 * it, or any older one, once the change is answered. `isExpected` decides on the key's version (If-Match). Throws
 * AppError `key_not_found`, `key_not_active`, `precondition_failed`, `rotation_open`, `missing_permission`,
 * `permission_escalation`.
 */
export async function rotateKey(
  change: Change,
  deps: Pick<CreateKeyDeps, 'keyPrefix' | 'fingerprint'>,
  keyId: string,
  overlapSeconds: number = OVERLAP_SECONDS,
  isExpected: (version: number) => boolean = () => true,
): Promise<CreatedKey> {
  const { db, nowMs } = change
  const key = await findKeyToRotate(change, keyId)
  if (!isExpected(key.version)) throw versionConflict('key', key)
  if (overlapSeconds > 0 && openRotation(key, nowMs) !== null) {
    throw new AppError(
      'rotation_open',
      'A rotation of this key is open: finish it with PATCH /keys/{keyId}/rotation, cancel it with DELETE, or send ' +
        '"overlapSeconds": 0 to end every older secret now.',
    )
  }
  const secret = generateSecret({
    prefix: deps.keyPrefix,
    mode: key.mode,
    randomBytes: change.randomBytes,
  })
  const { prefix, lastFour } = hintOf(secret)
  const tag = fingerprintBytes(deps.fingerprint(secret))
  const endsAtMs = withinLife(key, nowMs + overlapSeconds * 1_000)
  // An older secret that still lives is ended: of three, nobody could end the oldest.
  await capPreviousEnd(db, key.id, nowMs)
  const secretOrdinal = await replaceSecret(db, key.id, { tag, prefix, lastFour }, { nowMs, endsAtMs })
  await saveRotated(change, key, { prefix, lastFour, secretOrdinal, ceiling: ceilingAfter(change, key) })
  await change.record({
    action: 'key.rotated',
    object: { type: 'key', id: key.id },
    changes: { previousEndsAt: [null, new Date(endsAtMs).toISOString()] },
  })
  return { view: await getView(change, key.id), secret }
}

/** A key whose secret is the caller's to replace, or to bring back. Throws AppError. */
export async function findKeyToRotate(change: Change, keyId: string): Promise<KeyView> {
  const { db, nowMs, principal } = change
  const key = isId('key', keyId) ? await findKeyView(db, change.ledger.id, keyId) : undefined
  if (key === undefined) throw keyNotFound()
  assertOwn(principal, key.userId, 'rotate')
  // Whoever had to be cut off may be who still has it.
  if (principal.id === key.id && principal.replaceByMs !== null) {
    throw new AppError(
      'permission_escalation',
      'The secret you call with was replaced, and can only be ended sooner: use the new one.',
    )
  }
  const user = await findUser(db, key.companyId, key.userId)
  // Who was deleted had no active key.
  if (user === undefined) throw keyNotActive()
  // Whoever has a secret of the key can do all that the key may, from wherever it may.
  assertNotAbove(principal, user.role, "The key's user")
  assertCovers(principal, authorityOf(change, user, key))
  assertWithinReach(principal, user, reachOf(key))
  if (key.status !== 'active' || (key.expiresAtMs !== null && key.expiresAtMs <= nowMs)) {
    throw keyNotActive()
  }
  return key
}

export const keyNotActive = (): AppError =>
  new AppError(
    'key_not_active',
    'The key is deleted, disabled or expired, and has no secret to replace: enable it or move its end first, or make ' +
      'another key.',
  )

/**
 * Whoever gets the new secret has the key from then on, even after its user is promoted. So the key never may do more
 * than the caller could give, as with a key that the caller makes. A key that rotates itself keeps its ceiling.
 */
function ceilingAfter(change: Change, key: Key): Ceiling | null {
  const { principal, ledger } = change
  if (principal.id === key.id && !principal.isDerived) return key.ceiling
  return lowerCeiling(key.ceiling, grantableBy(change), ledger.isOperator)
}

/** While its previous secret lives. */
export const openRotation = ({ rotation }: Pick<KeyView, 'rotation'>, nowMs: number): Rotation | null =>
  rotation !== null && rotation.previousEndsAtMs > nowMs ? rotation : null

/** No secret outlives its key. */
export const withinLife = ({ expiresAtMs }: Pick<Key, 'expiresAtMs'>, endsAtMs: number): number =>
  Math.min(endsAtMs, expiresAtMs ?? endsAtMs)

/** Notes on the key that its secrets have changed: a server that remembers it has to read it again. */
export async function saveRotated(
  change: Change,
  key: Key,
  current: Partial<Pick<Key, 'prefix' | 'lastFour' | 'secretOrdinal' | 'ceiling'>>,
): Promise<void> {
  change.revoke({ scope: 'key', id: key.id })
  await updateKey(change.db, { ...key, ...current, updatedAtMs: change.nowMs, version: key.version + 1 })
}

export async function getView(change: Change, id: Key['id']): Promise<KeyView> {
  const view = await findKeyView(change.db, change.ledger.id, id)
  if (view === undefined) throw new Error(`${id} is missing after its change`)
  return view
}
