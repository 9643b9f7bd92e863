import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Services } from '@latchkey/server'
import { type Extent, type Row, rowOf } from './figure.ts'
import { type KeyRow, keyRows } from './fill.ts'
import { startFleet } from './fleet.ts'
import { importSteps, writeExport } from './imported-texts.ts'
import { openRawKeys, type RawKeys } from './raw-keys.ts'
import { alternate, rates, ratios } from './rounds.ts'
import { type BenchStore, openStore, type Stores } from './stores.ts'

const ROWS = 1_000_000
const ROWS_QUICK = 15_000
/** As many as a step of an import has. */
const BATCH_ROWS = 500

/** Hashed keys come in from a file, beside bare inserts of as many rows into a table of its own that is like that of keys. */
export const i1Import = (extent: Extent, stores: Stores): Promise<Row[]> =>
  withExport(extent, (path, rows) => onSqlite(extent, stores, path, rows))

export const i1PostgresImport = (extent: Extent): Promise<Row[]> =>
  withExport(extent, (path, rows) => onPostgres(extent, path, rows))

async function withExport(
  extent: Extent,
  work: (path: string, rows: number) => Promise<Row[]>,
): Promise<Row[]> {
  const path = join(tmpdir(), `latchkey-bench-export-${process.pid}.csv`)
  const rows = extent.isQuick ? ROWS_QUICK : ROWS
  writeExport(path, rows)
  try {
    return await work(path, rows)
  } finally {
    rmSync(path)
  }
}

async function onSqlite(extent: Extent, stores: Stores, path: string, rows: number): Promise<Row[]> {
  const store = await stores.empty()
  const services = await openStore(store)
  try {
    await using raw = await openRawKeys({ sqliteIn: store.dataDir })
    return await measure(extent, { id: 'I1', where: 'SQLite', services, store, raw, path, rows })
  } finally {
    await services.dispose()
  }
}

async function onPostgres(extent: Extent, path: string, rows: number): Promise<Row[]> {
  await using fleet = await startFleet(0, 0, extent)
  const { services, store, url } = fleet
  await using raw = await openRawKeys({ postgres: url })
  return await measure(extent, { id: 'I1b', where: 'PostgreSQL', services, store, raw, path, rows })
}

type Import = {
  readonly id: string
  readonly where: string
  readonly services: Services
  readonly store: BenchStore
  readonly raw: RawKeys
  readonly path: string
  readonly rows: number
}

/** One import from the first row to the last; a round is a part of it. */
async function measure(
  extent: Extent,
  { id, where, services, store, raw, path, rows }: Import,
): Promise<Row[]> {
  const steps = importSteps(services, path, store.companyId)
  const { companyId, userId } = store
  const plain = keyRows({ companyId, userId, keys: rows, fingerprint: services.fingerprint })
  const sliceRows = rows / extent.rounds
  const peaks: number[] = []
  let due = 0
  let done = 0
  const measured = await alternate(extent, {
    import: async () => {
      due += sliceRows
      const beganAtMs = performance.now()
      const before = done
      let peak = 0
      while (done < due) {
        const step = await steps.next()
        if (step.done === true) break
        done += step.value
        peak = Math.max(peak, process.memoryUsage.rss())
      }
      peaks.push(peak)
      return perSecond(done - before, performance.now() - beganAtMs)
    },
    raw: () => rawRate(raw, plain, sliceRows),
  })
  const mebibytes = peaks.map((peak) => Math.round(peak / 2 ** 20)).join(', ')
  return [
    rowOf({
      id,
      what: `import of ${rows.toLocaleString('en')} hashed keys, ${where}, rows a second ÷ raw insert loop of ${BATCH_ROWS} rows a transaction`,
      rounds: ratios(measured.import, measured.raw),
      isBetter: 'higher',
      floor: 0.2,
      goal: 0.4,
      note: `${rates(measured, 'rows a second')}; at most ${mebibytes} MiB of the bench in each part`,
    }),
  ]
}

const perSecond = (rows: number, ms: number): number => (rows / ms) * 1_000

/** Without the time that it takes to make the rows. */
async function rawRate(raw: RawKeys, rows: Iterator<KeyRow>, count: number): Promise<number> {
  let inserted = 0
  let elapsedMs = 0
  while (inserted < count) {
    const batch = Array.from({ length: BATCH_ROWS }, () => rows.next()).flatMap(({ done, value }) =>
      done === true ? [] : [value],
    )
    if (batch.length === 0) break
    const beganAtMs = performance.now()
    await raw.insert(batch)
    elapsedMs += performance.now() - beganAtMs
    inserted += batch.length
  }
  return perSecond(inserted, elapsedMs)
}
