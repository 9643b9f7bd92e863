import type { ConsoleKeyDays } from '@latchkey/contract/schemas/console'
import { dateOf, dayOf } from '@latchkey/core/calendar'
import type { KeyId } from '@latchkey/core/ids'
import { OUTCOME_CODES } from '@latchkey/core/outcome-code'
import { findDaysOfKeys } from '../../storage/tables/key-days.ts'
import type { Router } from '../router.ts'
import { type Answer, jsonAnswer } from '../wire/answer.ts'
import { askedKeysOf } from './asked-keys.ts'
import { type ConsoleDeps, consoleRoutesOn, permittedAgain, permittedOf } from './console-route.ts'

/** As wide as a row has room for. */
const DAYS = 14

const PERMISSION = 'keys:read'

/** What the list of keys draws beside each: how often it was used, day by day. */
export function registerKeyDays(router: Router, deps: ConsoleDeps): void {
  consoleRoutesOn(router)('GET', '/console/key-days', async (request) => {
    const { companyId } = await permittedOf(deps, request, PERMISSION)
    const keyIds = askedKeysOf(request)
    // What was used a moment ago shows, too.
    await deps.usage.settle()
    await permittedAgain(deps, request, PERMISSION)
    return answerFor(deps, companyId, keyIds)
  })
}

async function answerFor(
  { engine, clock }: ConsoleDeps,
  companyId: Parameters<typeof findDaysOfKeys>[1],
  keyIds: readonly KeyId[],
): Promise<Answer> {
  const to = dayOf(clock.nowMs())
  const from = to - DAYS + 1
  const rows = await engine.read((db) => findDaysOfKeys(db, companyId, keyIds, { from, to }), {
    party: companyId,
  })
  const keys: Record<string, { accepted: number[]; refused: number[] }> = {}
  for (const { keyId, day, counts } of rows) {
    keys[keyId] ??= { accepted: noDays(), refused: noDays() }
    const verdicts = counts.slice(0, OUTCOME_CODES.length)
    const accepted = verdicts[VALID] ?? 0
    keys[keyId].accepted[day - from] = accepted
    keys[keyId].refused[day - from] = verdicts.reduce((sum, count) => sum + count, 0) - accepted
  }
  const body: ConsoleKeyDays = { from: dateOf(from), days: DAYS, keys }
  return jsonAnswer(200, JSON.stringify(body))
}

const VALID = OUTCOME_CODES.indexOf('VALID')

const noDays = (): number[] => Array.from({ length: DAYS }, () => 0)
