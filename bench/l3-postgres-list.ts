import { type Extent, type Row, rowOf } from './figure.ts'
import { type Fleet, startFleet } from './fleet.ts'
import { pages } from './l1-list.ts'
import { runLoad } from './load.ts'
import { alternate, rates, ratios, type Target } from './rounds.ts'
import { warmUp } from './running.ts'

const FEW = 10_000
const WARM_UP_ANSWERS = 500

/** What a page on PostgreSQL takes longer when the list is longer: one caller, by the clock, for the work is the database's. */
export async function l3PostgresList(extent: Extent): Promise<Row[]> {
  const large = extent.isLarge ? [10_000_000] : []
  const sizes = [extent.isQuick ? 100_000 : 1_000_000, ...large]
  const rows: Row[] = []
  await using few = await startFleet(1, FEW, extent)
  for (const [index, keys] of sizes.entries()) {
    await using many = await startFleet(1, keys, extent)
    const measured = await alternate(extent, {
      few: await pagesPerSecond(few, extent),
      many: await pagesPerSecond(many, extent),
    })
    rows.push(
      rowOf({
        id: index === 0 ? 'L3' : 'L3b',
        what: `time of a page of 25 with its exact total on PostgreSQL, one caller, ${FEW.toLocaleString('en')} → ${keys.toLocaleString('en')} keys`,
        rounds: ratios(measured.few, measured.many),
        isBetter: 'lower',
        floor: 3,
        goal: 2,
        note: rates(measured, 'pages a second'),
      }),
    )
  }
  return rows
}

async function pagesPerSecond({ servers, store }: Fleet, extent: Extent): Promise<Target> {
  const [server] = servers
  if (server === undefined) throw new Error('a fleet without a server')
  const load = { durationMs: extent.sliceMs, next: await pages(server, store), connections: 1 }
  await warmUp(server, load, WARM_UP_ANSWERS)
  return async () => {
    const startedAtMs = performance.now()
    const answered = await runLoad({ port: server.port, ...load })
    return (answered / (performance.now() - startedAtMs)) * 1_000
  }
}
