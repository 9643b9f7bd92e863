import { creates, rawAppends } from './durable-creates.ts'
import { type Extent, type Row, rowOf } from './figure.ts'
import { alternate, rates, ratios } from './rounds.ts'
import { openStore, type Stores } from './stores.ts'

/** One caller: what a durable, counted and audited create adds to the disk's own time. */
export async function w1Create(extent: Extent, stores: Stores): Promise<Row[]> {
  const store = await stores.empty()
  const services = await openStore(store)
  try {
    const targets = {
      create: creates(services, store, 1, extent.sliceMs),
      raw: rawAppends(store, extent.sliceMs),
    }
    await targets.create()
    const measured = await alternate(extent, targets)
    return [
      rowOf({
        id: 'W1',
        what: 'durable create (key, counters, audit event), 1 caller in process ÷ raw append + fdatasync',
        rounds: ratios(measured.create, measured.raw),
        isBetter: 'higher',
        floor: 0.5,
        goal: 0.8,
        note: rates(measured, 'a second'),
      }),
    ]
  } finally {
    await services.dispose()
  }
}
