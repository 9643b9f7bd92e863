import { creates, httpCreates, rawAppends } from './durable-creates.ts'
import { type Extent, type Row, rowOf } from './figure.ts'
import { alternate, rates, ratios } from './rounds.ts'
import { startLatchkey } from './running.ts'
import { openStore, type Stores } from './stores.ts'

const CALLERS = 32

/** Many callers at once: what sharing one fdatasync gives. */
export async function w2CreateTogether(extent: Extent, stores: Stores): Promise<Row[]> {
  const [store, httpStore] = [await stores.empty(), await stores.empty()]
  const services = await openStore(store)
  try {
    await using latchkey = await startLatchkey(httpStore)
    const targets = {
      create: creates(services, store, CALLERS, extent.sliceMs),
      http: httpCreates(latchkey, httpStore, CALLERS, extent.sliceMs),
      raw: rawAppends(store, extent.sliceMs),
    }
    await targets.create()
    await targets.http()
    const measured = await alternate(extent, targets)
    const note = rates(measured, 'a second')
    const what = `durable create, ${CALLERS} callers`
    const against = '÷ raw append + fdatasync, 1 caller'
    return [
      rowOf({
        id: 'W2',
        what: `${what} in process ${against}`,
        rounds: ratios(measured.create, measured.raw),
        isBetter: 'higher',
        floor: 1.5,
        goal: 2.5,
        note,
      }),
      rowOf({
        id: 'W2b',
        what: `${what} through POST /keys ${against}`,
        rounds: ratios(measured.http, measured.raw),
        isBetter: 'higher',
        floor: 0.8,
        goal: 1.5,
        note,
      }),
    ]
  } finally {
    await services.dispose()
  }
}
