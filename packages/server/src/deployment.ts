import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock } from '@latchkey/core/clock'
import type { CompanyList } from './audit/company-list.ts'
import { ConfigError } from './config.ts'
import { findDeployment, insertDeployment } from './storage/deployment.ts'
import type { Engine } from './storage/engine.ts'

/**
 * Holds the server secret against the one this store was made with, so that a wrong one stops the start
 * instead of refusing every key. The first start on an empty store notes it. Throws ConfigError.
 */
export async function assertServerSecret(
  engine: Engine,
  checkKey: Uint8Array,
  clock: Clock,
  emptyList: CompanyList,
): Promise<void> {
  const expected = secretCheckOf(checkKey)
  const deployment =
    (await engine.inspect(findDeployment)) ?? (await note(engine, expected, clock, emptyList))
  if (!isOfSecret(checkKey, deployment.secret_check)) {
    throw new ConfigError(
      'The server secret is not the one this store was made with: put the old one back ' +
        '(LATCHKEY_SECRET, LATCHKEY_SECRET_FILE or server.secret in the data directory). No key could be verified with this one.',
    )
  }
}

async function note(engine: Engine, secretCheck: Buffer, clock: Clock, emptyList: CompanyList) {
  const { value } = await engine.write(async (db) => {
    const noted = await findDeployment(db)
    if (noted !== undefined) return noted
    await insertDeployment(db, { secret_check: secretCheck, ...emptyList }, clock.nowMs())
    return { secret_check: secretCheck }
  })
  return value
}

/** Whether a store that has noted this was made with the server secret of the key. */
export function isOfSecret(checkKey: Uint8Array, noted: Uint8Array): boolean {
  const known = isListSealed(checkKey, noted) ? secretCheckOf(checkKey) : unsealedCheckOf(checkKey)
  return known.length === noted.length && timingSafeEqual(known, noted)
}

/** Whether the store says that its list of companies is sealed: one without a seal is then one that was changed. */
export function isListSealed(checkKey: Uint8Array, noted: Uint8Array): boolean {
  const check = secretCheckOf(checkKey)
  return check.length === noted.length && timingSafeEqual(check, noted)
}

/** What a store notes of its server secret. */
export function secretCheckOf(checkKey: Uint8Array): Buffer {
  return createHmac('sha256', checkKey).update('server secret, with a sealed list of companies').digest()
}

/** What stores of older releases have noted. */
function unsealedCheckOf(checkKey: Uint8Array): Buffer {
  return createHmac('sha256', checkKey).update('server secret').digest()
}
