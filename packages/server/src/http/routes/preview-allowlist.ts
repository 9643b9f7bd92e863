import { parseAddress } from '@latchkey/core/address'
import { type Allowlist, contains } from '@latchkey/core/allowlist'
import { dayOf } from '@latchkey/core/calendar'
import { inputError } from '@latchkey/core/error'
import { isId } from '@latchkey/core/ids'
import { paced } from '@latchkey/core/steps'
import { keyNotFound } from '../../keys/delete-key.ts'
import { readKeyInputInSteps } from '../../keys/key-input.ts'
import { findKeyUsage } from '../../storage/tables/key-usage.ts'
import { findKey } from '../../storage/tables/keys.ts'
import { createRequestPace } from '../admission/pace.ts'
import { presentTime } from '../present/present-time.ts'
import type { Handler } from '../schema/context.ts'

/** How far back the networks are looked at. */
const DAYS = 30
const DAY_MS = 86_400_000

export const previewAllowlist: Handler<'previewAllowlist'> = async (deps, context) => {
  const { principal, body, admitAgain } = context
  const { keyId } = context.params
  const { companyId } = principal
  // A list may name an entry 58,000 times.
  const pace = createRequestPace(() => deps.turns.take(companyId))
  const { allowlist, faults } = await paced(readKeyInputInSteps(body), pace)
  if (faults.length > 0) throw inputError(faults)
  if (!isId('key', keyId)) throw keyNotFound()
  const countedUntilMs = await deps.usage.settle()
  await admitAgain()
  const nowMs = deps.clock.nowMs()
  const today = dayOf(nowMs)
  const { networks } = await deps.engine.read(
    async (db) => {
      if ((await findKey(db, companyId, keyId)) === undefined) throw keyNotFound()
      return findKeyUsage(db, companyId, keyId, { from: today, to: today })
    },
    { party: companyId },
  )
  const looked = networks.filter(
    ({ isAccepted, lastAtMs }) => isAccepted && lastAtMs >= nowMs - DAYS * DAY_MS,
  )
  const refused = looked.filter(({ address }) => !isAdmitted(allowlist, address))
  return {
    body: {
      refused: refused.map(({ network, address, lastAtMs }) => ({
        network,
        address,
        lastAt: presentTime(lastAtMs),
      })),
      admitted: looked.length - refused.length,
      countedUntil: presentTime(countedUntilMs),
    },
  }
}

function isAdmitted(allowlist: Allowlist | null, text: string): boolean {
  if (allowlist === null) return true
  const address = parseAddress(text)
  return address !== undefined && contains(allowlist, address)
}
