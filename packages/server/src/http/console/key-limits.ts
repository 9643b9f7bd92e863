import type { ConsoleKeyLimits } from '@latchkey/contract/schemas/console'
import { AppError } from '@latchkey/core/error'
import { isId } from '@latchkey/core/ids'
import { compileLimits, type Limit } from '@latchkey/core/limit'
import type { LimitState } from '@latchkey/core/limit-bucket'
import { findKey } from '../../storage/tables/keys.ts'
import { presentTime } from '../present/present-time.ts'
import type { Router } from '../router.ts'
import { type Answer, jsonAnswer } from '../wire/answer.ts'
import type { Incoming } from '../wire/incoming.ts'
import { type ConsoleDeps, consoleRoutesOn, permittedAgain, permittedOf } from './console-route.ts'

const PERMISSION = 'keys:read'

/** How the limits of a key stand now, as its next verdict would tell it. Looking uses nothing of them. */
export function registerKeyLimits(router: Router, deps: ConsoleDeps): void {
  consoleRoutesOn(router)('GET', '/console/key-limits/:keyId', (request) => answerFor(deps, request))
}

async function answerFor(deps: ConsoleDeps, request: Incoming): Promise<Answer> {
  const { companyId } = await permittedOf(deps, request, PERMISSION)
  const keyId = request.params.keyId ?? ''
  const key = isId('key', keyId)
    ? await deps.engine.read((db) => findKey(db, companyId, keyId), { party: companyId })
    : undefined
  if (key === undefined) throw new AppError('key_not_found', 'There is no such key.')
  const limits = compileLimits(key.rateLimits, key.quota) ?? []
  const states = await lookAt(deps, key.id, limits)
  await permittedAgain(deps, request, PERMISSION)
  const body: ConsoleKeyLimits = { limits: states.map(presentState) }
  return jsonAnswer(200, JSON.stringify(body))
}

/** Whoever is kept out by the others so often is told to come again. */
const TRIES_MAX = 10

/** A use that costs nothing. */
async function lookAt(
  { limits }: ConsoleDeps,
  keyId: string,
  wanted: readonly Limit[],
): Promise<readonly LimitState[]> {
  if (wanted.length === 0) return []
  for (let attempt = 0; attempt < TRIES_MAX; attempt += 1) {
    const charged = limits.charge(keyId, wanted, 0)
    if (!(charged instanceof Promise)) return charged.states
    await charged
  }
  throw new AppError('unavailable', 'The limits of the key are much in use just now: look again.')
}

const presentState = ({ name, max, span, remaining, resetAtMs }: LimitState) => ({
  name,
  max,
  span,
  remaining,
  resetAt: presentTime(resetAtMs),
})
