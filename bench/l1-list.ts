import { type Extent, type Row, rowOf } from './figure.ts'
import { idAtOffset, listRequest } from './key-requests.ts'
import { cycle } from './request-text.ts'
import { alternate, rates, ratios } from './rounds.ts'
import { type Running, ratePerCpuSecond, startLatchkey, warmUp } from './running.ts'
import type { BenchStore, Stores } from './stores.ts'

const FEW = 10_000
const WARM_UP_ANSWERS = 3_000

/** What a page costs more when the list is longer. */
export async function l1List(extent: Extent, stores: Stores): Promise<Row[]> {
  const large = extent.isLarge ? [10_000_000] : []
  const sizes = [extent.isQuick ? 100_000 : 1_000_000, ...large]
  const rows: Row[] = []
  for (const [index, keys] of sizes.entries()) {
    rows.push(await compareLists(extent, stores, keys, index === 0 ? 'L1' : 'L1b'))
  }
  return rows
}

async function compareLists(extent: Extent, stores: Stores, keys: number, id: string): Promise<Row> {
  const [few, many] = [await stores.of(FEW), await stores.of(keys)]
  await using fewServer = await startLatchkey(few)
  await using manyServer = await startLatchkey(many)
  const fewPages = { durationMs: extent.sliceMs, next: await pages(fewServer, few) }
  const manyPages = { durationMs: extent.sliceMs, next: await pages(manyServer, many) }
  await warmUp(fewServer, fewPages, WARM_UP_ANSWERS)
  await warmUp(manyServer, manyPages, WARM_UP_ANSWERS)
  const measured = await alternate(extent, {
    few: ratePerCpuSecond(fewServer, fewPages),
    many: ratePerCpuSecond(manyServer, manyPages),
  })
  return rowOf({
    id,
    what: `cost of a page of 25 with its exact total (first page and cursors anywhere), ${FEW.toLocaleString('en')} → ${keys.toLocaleString('en')} keys`,
    rounds: ratios(measured.few, measured.many),
    isBetter: 'lower',
    floor: 3,
    goal: 2,
    note: rates(measured, 'pages per CPU second'),
  })
}

/** The first page, and pages that begin at tenths of the list, forwards and backwards. */
export async function pages(server: Running, store: BenchStore): Promise<() => Buffer> {
  const requests = [listRequest(store, '')]
  for (let tenth = 1; tenth < 9; tenth++) {
    const id = await idAtOffset(server, store, Math.floor((store.keys * tenth) / 10))
    requests.push(listRequest(store, `&${tenth % 2 === 0 ? 'startingAfter' : 'endingBefore'}=${id}`))
  }
  return cycle(requests)
}
