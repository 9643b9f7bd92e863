import { dateOf } from '@latchkey/core/calendar'
import { countUsage, findCompanyDays } from '../../storage/tables/company-usage.ts'
import type { DaySpan } from '../../storage/tables/key-usage.ts'
import { linkHeader } from '../present/list.ts'
import { presentTime } from '../present/present-time.ts'
import { mostFirst, presentSum, type Sum, sumByCode } from '../present/present-usage.ts'
import type { Context, Handler, HandlerDeps } from '../schema/context.ts'
import { readSpan } from '../schema/usage-span.ts'

const LIMIT_DEFAULT = 25

export const listUsage: Handler<'listUsage'> = async (deps, context) => {
  const { query } = context
  const { by = 'day', limit = LIMIT_DEFAULT, offset = 0 } = query
  const span = readSpan(query, deps.clock.nowMs())
  const countedUntilMs = await deps.usage.settle()
  const sums = await SOURCES[by](deps, context, span)
  await context.admitAgain()
  const page = sums.slice(offset, offset + limit)
  const link = (first: number) => {
    const url = new URL(`${context.baseUrl}${context.path}`)
    const parameters = { from: dateOf(span.from), to: dateOf(span.to), by, limit, offset: first }
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, String(value))
    return url.href
  }
  const next = offset + limit < sums.length ? link(offset + limit) : null
  const previous = offset > 0 && page.length > 0 ? link(Math.max(0, offset - limit)) : null
  return {
    headers: linkHeader({ next, previous }),
    body: {
      status: 200,
      total: sums.length,
      count: page.length,
      nextUrl: next,
      previousUrl: previous,
      data: page.map(({ id, counts }) => presentSum(id, counts)),
      countedUntil: presentTime(countedUntilMs),
    },
  }
}

type Source = (
  deps: HandlerDeps,
  context: Pick<Context<'listUsage'>, 'principal' | 'isWanted'>,
  span: DaySpan,
) => Promise<Sum[]>

const byDay: Source = async ({ engine }, { principal: { companyId } }, span) => {
  const days = await engine.read((db) => findCompanyDays(db, companyId, span), { party: companyId })
  return days.map(({ of, counts }) => ({ id: dateOf(of), counts })).reverse()
}

const byCode: Source = async (deps, context, span) => sumByCode(await byDay(deps, context, span))

/** Walks many rows, as a long list does, and is kept from taking the service in the same way. */
const byGroup =
  (by: 'key' | 'user'): Source =>
  async ({ engine, turnstile, slowReads }, context, span) => {
    const { companyId } = context.principal
    const sums = await turnstile.pass(
      companyId,
      () =>
        slowReads.run(companyId, (pace) =>
          engine.read((db) => countUsage(db, companyId, { by, span, pace }), { party: companyId }),
        ),
      () => context.isWanted(),
    )
    return mostFirst(sums.map(({ of, counts }) => ({ id: of, counts })))
  }

const SOURCES: Readonly<Record<'day' | 'key' | 'code' | 'user', Source>> = {
  day: byDay,
  code: byCode,
  key: byGroup('key'),
  user: byGroup('user'),
}
