import { type Extent, median, type Row, rowOf } from './figure.ts'
import { fillDatabaseUsage } from './fill-database-usage.ts'
import { fillStoreUsage } from './fill-store-usage.ts'
import { startFleet } from './fleet.ts'
import { ask, runLoad } from './load.ts'
import { cycle, requestText } from './request-text.ts'
import { type Running, startLatchkey } from './running.ts'
import { shuffledIndexes } from './secrets.ts'
import type { BenchStore, Stores } from './stores.ts'
import type { UsageFilling, UsageSize } from './usage-filling.ts'

const DAYS = 400
const KEYS_LARGE = 1_000_000
/** A fiftieth: rows are as large, and the figure is as many times as large. */
const KEYS = 20_000
const KEYS_QUICK = 2_000
/** Keys whose days are read in one round. */
const READS = 200

/** What 400 days of use take on the embedded store, and how long it takes to read a key's last thirty. */
export async function u1Usage(extent: Extent, stores: Stores): Promise<Row[]> {
  const keys = keysOf(extent)
  const store = await stores.ofOwn(keys)
  const size = fillStoreUsage(store, fillingOf(extent, keys))
  await using server = await startLatchkey(store)
  return [
    sizeRow('U1', 'SQLite', keys, size, { floor: 2, goal: 1.3 }),
    await readRow('U1b', 'SQLite', extent, { server, store, ids: size.keyIds }, { floor: 5, goal: 2 }),
  ]
}

/** The same on PostgreSQL, which has no goal. */
export async function u1PostgresUsage(extent: Extent): Promise<Row[]> {
  const keys = keysOf(extent)
  await using fleet = await startFleet(1, keys, extent)
  const size = await fillDatabaseUsage(fleet.url, fleet.store, fillingOf(extent, keys))
  const [server] = fleet.servers
  const reading = { server: server!, store: fleet.store, ids: size.keyIds }
  return [
    sizeRow('U1c', 'PostgreSQL', keys, size, {}),
    await readRow('U1d', 'PostgreSQL', extent, reading, {}),
  ]
}

const keysOf = ({ isQuick, isLarge }: Extent): number => (isLarge ? KEYS_LARGE : isQuick ? KEYS_QUICK : KEYS)

const fillingOf = (extent: Extent, keys: number): UsageFilling => ({
  keys,
  usedDaily: keys / 10,
  days: DAYS,
  onProgress: (day) => extent.progress(`${day} of ${DAYS} days`),
})

type Marks = { readonly floor?: number; readonly goal?: number }

function sizeRow(id: string, where: string, keys: number, size: UsageSize, marks: Marks): Row {
  const times = KEYS_LARGE / keys
  const scaled = times === 1 ? '' : `, ${times} times what ${keys.toLocaleString('en')} keys take`
  const of = (bytes: number) => `${Math.round((bytes * times) / 1e6).toLocaleString('en')} MB`
  return rowOf({
    id,
    what: `usage of ${KEYS_LARGE.toLocaleString('en')} keys, a tenth used daily, ${DAYS} days, ${where}${scaled}`,
    rounds: [(size.bytes * times) / 1e9],
    isBetter: 'lower',
    unit: 'GB',
    ...marks,
    note: `${Object.entries(size.parts)
      .map(([part, bytes]) => `${part} ${of(bytes)}`)
      .join(
        ', ',
      )}; a month that is summed takes ${of(size.monthBytes)} instead of ${of(size.monthOfDaysBytes)}`,
  })
}

type Reading = { readonly server: Running; readonly store: BenchStore; readonly ids: readonly string[] }

/** Through the service, one after the other. */
async function readRow(
  id: string,
  where: string,
  extent: Extent,
  { server, store, ids }: Reading,
  marks: Marks,
): Promise<Row> {
  const headers = { 'x-api-key': store.adminKey, 'x-company-id': store.companyId }
  const requests = shuffledIndexes(Math.min(ids.length, READS * (extent.rounds + 1)), ids.length).map(
    (index) => requestText('GET', `/keys/${ids[index]}/usage`, { headers }),
  )
  await assertRead(server, requests)
  const next = cycle(requests)
  const p50: number[] = []
  const p99: number[] = []
  for (let round = 0; round <= extent.rounds; round++) {
    extent.progress(`round ${round} of ${extent.rounds}, reading`)
    const times: number[] = []
    await runLoad({
      port: server.port,
      durationMs: 60_000,
      next,
      connections: 1,
      answersMax: READS,
      onLatency: (ms) => times.push(ms),
    })
    // The first is there to compile what is run.
    if (round === 0) continue
    times.sort((one, other) => one - other)
    p50.push(median(times))
    p99.push(times[Math.floor(times.length * 0.99)]!)
  }
  return rowOf({
    id,
    what: `GET /keys/{id}/usage, the last 30 days of a key, p50 of ${READS}, one after the other, ${where}`,
    rounds: p50,
    isBetter: 'lower',
    unit: 'ms',
    ...marks,
    note: `p99 ${median(p99).toPrecision(3)} ms`,
  })
}

/** A figure of empty answers is worth nothing. */
async function assertRead({ port }: Running, requests: readonly Buffer[]): Promise<void> {
  const answers = await Promise.all(requests.slice(0, 20).map((request) => ask(port, request)))
  const isRead = answers.every(({ status }) => status === 200)
  if (isRead && answers.some(({ body }) => body.includes('"VALID"'))) return
  throw new Error(`no days are read: ${answers[0]?.status} ${answers[0]?.body.slice(0, 300)}`)
}
