import { isId } from '@latchkey/core/ids'
import type { UsageGroup } from '@latchkey/server/commands'
import { type Command, Option } from 'commander'
import { parseDay, parseUsed } from '../arguments.ts'
import { type Column, firstOf, tableOf } from '../listing.ts'
import { parseCount } from '../parse-count.ts'
import { print } from '../print.ts'
import { BOTH_WAYS, connect, isNamed, urlOption } from '../remote.ts'
import { withServices } from '../with-services.ts'

type Options = {
  readonly by: UsageGroup
  readonly from?: string
  readonly to?: string
  readonly limit?: number
  readonly json?: true
  readonly url?: string
}

/** What was counted of a day, month, key, user or code. */
type Sum = { readonly id: string; readonly total: number; readonly counts: Readonly<Record<string, number>> }

export function registerUsage(program: Command): void {
  program
    .command('usage')
    .description('How often keys were used, and why they were refused: of one key, or of a company.')
    .argument('[id]', 'of a key or a company; without it, your own company', parseUsed)
    .addOption(
      new Option('--by <group>', 'what the counts of a company are summed by')
        .choices(['day', 'key', 'code', 'user'])
        .default('day'),
    )
    .option('--from <date>', 'first day, in UTC, such as 2026-11-01; 30 days where it is not said', parseDay)
    .option('--to <date>', 'last day; today where it is not said', parseDay)
    .option('--limit <number>', 'at most so many lines', parseCount)
    .option('--json', 'print JSON, one line each')
    .addOption(urlOption())
    .addHelpText('after', BOTH_WAYS)
    .action(async (id: string | undefined, options: Options) => {
      const sums = isNamed(options.url) ? sumsOver(options.url, id, options) : sumsHere(id, options)
      await show(options.limit === undefined ? sums : firstOf(sums, options.limit), id, options)
    })
}

/** Of the store on this machine. */
async function* sumsHere(id: string | undefined, { by, from, to }: Options): AsyncIterable<Sum> {
  const asked = {
    by,
    ...(id === undefined ? {} : { of: id }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  }
  yield* await withServices({ makes: 'nothing' }, async (services) => {
    const { listUsageOnHost } = await import('@latchkey/server/commands')
    return (await listUsageOnHost(services, asked)) as Sum[]
  })
}

/** Of a service. */
async function* sumsOver(url: string, id: string | undefined, { by, from, to }: Options): AsyncIterable<Sum> {
  const client = await connect(url)
  const span = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
  if (id !== undefined && isId('key', id)) {
    const { days, months } = await client.keys.usage(id, span)
    for (const { date, counts } of days.toReversed()) yield sumOf(date, counts)
    for (const { month, counts } of months.toReversed()) yield sumOf(month, counts)
    return
  }
  const acting = id === undefined ? {} : { companyId: id }
  for (let offset = 0; ; ) {
    const { data, total } = await client.usage({ ...span, by, limit: PAGE, offset }, acting)
    yield* data as readonly Sum[]
    offset += data.length
    if (offset >= total || data.length === 0) return
  }
}

/** The most that a page has. */
const PAGE = 100

const sumOf = (id: string, counts: Sum['counts']): Sum => ({
  id,
  total: Object.values(counts).reduce((sum, count) => sum + count, 0),
  counts,
})

async function show(sums: AsyncIterable<Sum>, id: string | undefined, { by, json }: Options): Promise<void> {
  if (json === true) {
    for await (const sum of sums) await print(`${JSON.stringify(sum)}\n`)
    return
  }
  const isOfKey = id !== undefined && isId('key', id)
  await print(tableOf(await Array.fromAsync(sums), columnsOf(isOfKey ? 'day' : by)))
}

const columnsOf = (by: UsageGroup): readonly Column<Sum>[] => [
  { title: by.toUpperCase(), text: ({ id }) => id },
  { title: 'ALL', text: ({ total }) => String(total) },
  { title: 'VALID', text: ({ counts }) => String(counts.VALID ?? 0) },
  { title: 'REFUSED', text: ({ counts }) => refusalsIn(counts) },
]

const refusalsIn = (counts: Sum['counts']): string =>
  Object.entries(counts)
    .filter(([code]) => code !== 'VALID')
    .map(([code, count]) => `${code} ${count}`)
    .join(', ')
