import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock } from '@latchkey/core/clock'
import type { CompanyList } from './audit/company-list.ts'
import { ConfigError } from './config.ts'
import { assertStrong, type DerivedKeys, deriveKeys } from './server-secret.ts'
import type { GivenSecret } from './settings.ts'
import type { Engine } from './storage/engine.ts'
import { findDeployment, insertDeployment } from './storage/tables/deployment.ts'

/**
 * Checks that the server secret is the one this store was made with, and returns the keys derived from it. A wrong one
 * stops the start; it would refuse every key. The first start on an empty store notes the secret, if it is strong
 * enough. Throws ConfigError.
 */
export async function settleKeys(
  engine: Engine,
  given: GivenSecret,
  clock: Clock,
  emptyListOf: (keys: DerivedKeys) => CompanyList,
): Promise<DerivedKeys> {
  const { secret_check: noted } =
    (await engine.inspect(findDeployment)) ?? (await note(engine, given, clock, emptyListOf))
  const keys = keysThatFit(given, noted)
  if (keys !== undefined) return keys
  throw new ConfigError(
    'The server secret is not the one this store was made with: put the old one back ' +
      '(LATCHKEY_SECRET, LATCHKEY_SECRET_FILE or server.secret in the data directory). No key could be verified with this one.',
  )
}

/** `noted`: what the store knows of its secret. undefined: it was made with another. */
export function keysThatFit({ text, untrimmed }: GivenSecret, noted: Uint8Array): DerivedKeys | undefined {
  // Older releases did not cut off space around the secret, and made stores with it.
  return [text, untrimmed].map(deriveKeys).find(({ check }) => isOfSecret(check, noted))
}

async function note(
  engine: Engine,
  given: GivenSecret,
  clock: Clock,
  emptyListOf: (keys: DerivedKeys) => CompanyList,
) {
  assertStrong(given)
  const keys = deriveKeys(given.text)
  const secretCheck = secretCheckOf(keys.check)
  const { value } = await engine.write(async (db) => {
    const noted = await findDeployment(db)
    if (noted !== undefined) return noted
    await insertDeployment(db, { secret_check: secretCheck, ...emptyListOf(keys) }, clock.nowMs())
    return { secret_check: secretCheck }
  })
  return value
}

/** Whether a store that has noted this was made with the server secret of the key. */
function isOfSecret(checkKey: Uint8Array, noted: Uint8Array): boolean {
  const known = isListSealed(checkKey, noted) ? secretCheckOf(checkKey) : unsealedCheckOf(checkKey)
  return known.length === noted.length && timingSafeEqual(known, noted)
}

/** Whether the store says that its list of companies is sealed: then a list without a seal was changed by somebody. */
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
