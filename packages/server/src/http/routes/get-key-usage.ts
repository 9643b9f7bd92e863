import { dateOf, textOfMonth } from '@latchkey/core/calendar'
import { isId } from '@latchkey/core/ids'
import { keyNotFound } from '../../keys/delete-key.ts'
import { findKeyUsage } from '../../storage/tables/key-usage.ts'
import { findKey } from '../../storage/tables/keys.ts'
import { presentTime } from '../present/present-time.ts'
import { presentCounts, presentNetwork, previousSecretsIn } from '../present/present-usage.ts'
import type { Handler } from '../schema/context.ts'
import { readSpan } from '../schema/usage-span.ts'

export const getKeyUsage: Handler<'getKeyUsage'> = async (deps, context) => {
  const { principal, query, admitAgain } = context
  const { keyId } = context.params
  const { companyId } = principal
  const span = readSpan(query, deps.clock.nowMs())
  if (!isId('key', keyId)) throw keyNotFound()
  const countedUntilMs = await deps.usage.settle()
  await admitAgain()
  const usage = await deps.engine.read(
    async (db) => {
      if ((await findKey(db, companyId, keyId)) === undefined) throw keyNotFound()
      return findKeyUsage(db, companyId, keyId, span)
    },
    { party: companyId },
  )
  return {
    body: {
      from: dateOf(span.from),
      to: dateOf(span.to),
      days: usage.days.map(({ day, counts }) => ({ date: dateOf(day), ...presentDay(counts) })),
      months: usage.months.map(({ month, counts }) => ({ month: textOfMonth(month), ...presentDay(counts) })),
      addresses: usage.networks.filter(({ isAccepted }) => isAccepted).map(presentNetwork),
      refusedAddresses: usage.networks.filter(({ isAccepted }) => !isAccepted).map(presentNetwork),
      countedUntil: presentTime(countedUntilMs),
    },
  }
}

const presentDay = (counts: readonly number[]) => ({
  counts: presentCounts(counts),
  previousSecret: previousSecretsIn(counts),
})
