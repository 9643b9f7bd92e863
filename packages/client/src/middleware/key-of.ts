import { LatchkeyError } from '../errors.ts'
import type { VerifyResult } from '../wire.ts'

/** The verdict that let a request pass. `keyId` is null for a person's token. */
export interface AcceptedKey extends VerifyResult {
  valid: true
  code: 'VALID'
  companyId: string
  userId: string
}

type Keys = WeakMap<object, { readonly key: AcceptedKey | undefined }>

/** One for all copies of the package in a process, and out of reach of what else writes to a request. */
const NAME = Symbol.for('latchkey.keys')
const shared = globalThis as { [NAME]?: Keys }
shared[NAME] ??= new WeakMap()
const keys: Keys = shared[NAME]

/** Notes who sent a request, at each of the objects that stand for it. */
export function noteKey(key: AcceptedKey | undefined, ...requests: readonly unknown[]): void {
  for (const request of requests)
    if (typeof request === 'object' && request !== null) keys.set(request, { key })
}

/**
 * Whose request this is. Throws LatchkeyError `not_guarded` when no guard has seen it, and `no_key` when one admitted it
 * without a credential.
 */
export function keyOf(request: object): AcceptedKey {
  const key = findKeyOf(request)
  if (key !== undefined) return key
  throw new LatchkeyError('no_key', 'The request has no key: its guard is optional. Ask with findKeyOf.')
}

/** The same; undefined: an optional guard admitted it without a credential. Throws LatchkeyError `not_guarded`. */
export function findKeyOf(request: object): AcceptedKey | undefined {
  const noted = keys.get(request)
  if (noted !== undefined) return noted.key
  throw new LatchkeyError(
    'not_guarded',
    'No guard has seen this request: put one before what asks whose it is.',
  )
}
