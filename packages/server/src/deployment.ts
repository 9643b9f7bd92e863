import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock } from '@latchkey/core/clock'
import { ConfigError } from './config.ts'
import { findDeployment, insertDeployment } from './storage/deployment.ts'
import type { Engine } from './storage/engine.ts'

/**
 * Holds the server secret against the one this store was made with, so that a wrong one stops the start
 * instead of refusing every key. The first start on an empty store notes it. Throws ConfigError.
 */
export async function assertServerSecret(engine: Engine, checkKey: Uint8Array, clock: Clock): Promise<void> {
  const expected = secretCheckOf(checkKey)
  const deployment = (await engine.inspect(findDeployment)) ?? (await note(engine, expected, clock))
  if (!timingSafeEqual(expected, deployment.secret_check)) {
    throw new ConfigError(
      'The server secret is not the one this store was made with: put the old one back ' +
        '(LATCHKEY_SECRET, LATCHKEY_SECRET_FILE or server.secret in the data directory). No key could be verified with this one.',
    )
  }
}

async function note(engine: Engine, secretCheck: Buffer, clock: Clock) {
  const { value } = await engine.write(async (db) => {
    const noted = await findDeployment(db)
    if (noted !== undefined) return noted
    await insertDeployment(db, secretCheck, clock.nowMs())
    return { secret_check: secretCheck }
  })
  return value
}

/** What a store notes of its server secret. */
export function secretCheckOf(checkKey: Uint8Array): Buffer {
  return createHmac('sha256', checkKey).update('server secret').digest()
}
