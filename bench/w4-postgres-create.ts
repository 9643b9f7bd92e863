import pg from 'pg'
import { creates } from './durable-creates.ts'
import { type Extent, type Row, rowOf } from './figure.ts'
import { startFleet } from './fleet.ts'
import { alternate, rates, ratios, type Target } from './rounds.ts'

const TOGETHER = 32

/** Creates on PostgreSQL beside the least a durable write there can be: one row, one commit, one after the other. */
export async function w4PostgresCreate(extent: Extent): Promise<Row[]> {
  await using fleet = await startFleet(0, 0, extent)
  const { services, store, url } = fleet
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('CREATE TABLE raw (id BIGSERIAL PRIMARY KEY, text TEXT NOT NULL)')
    const targets = {
      one: creates(services, store, 1, extent.sliceMs),
      together: creates(services, store, TOGETHER, extent.sliceMs),
      raw: rawInserts(client, extent.sliceMs),
    }
    await targets.one()
    const measured = await alternate(extent, targets)
    const note = rates(measured, 'a second')
    const what = 'durable create on PostgreSQL (key, counters, audit event) ÷ raw insert loop, '
    const row = { isBetter: 'higher', note } as const
    return [
      rowOf({ ...row, id: 'W4', what: `${what}1 caller`, rounds: ratios(measured.one, measured.raw) }),
      rowOf({
        ...row,
        id: 'W4b',
        what: `${what}${TOGETHER} callers in one company`,
        rounds: ratios(measured.together, measured.raw),
      }),
    ]
  } finally {
    await client.end()
  }
}

function rawInserts(client: pg.Client, durationMs: number): Target {
  const text = 'x'.repeat(300)
  return async () => {
    const startedAtMs = performance.now()
    let written = 0
    while (performance.now() - startedAtMs < durationMs) {
      await client.query({ name: 'raw', text: 'INSERT INTO raw (text) VALUES ($1)', values: [text] })
      written += 1
    }
    return (written / (performance.now() - startedAtMs)) * 1_000
  }
}
