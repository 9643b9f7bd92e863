import type { KeyId } from '@latchkey/core/ids'
import pg from 'pg'
import { type Filling, keyRows } from './fill.ts'

const ROWS_MAX = 10_000

/** Puts keys into a database that no server uses yet, as their creation would have, but for the audit events. */
export async function fillDatabase(
  url: string,
  fill: Filling,
  onProgress: (done: number) => void,
): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('SET synchronous_commit = off; SET session_replication_role = replica')
    const indexes = await client.query(
      `SELECT indexname AS name, indexdef AS sql FROM pg_indexes WHERE tablename = 'keys' AND indexname LIKE 'keys_by%'`,
    )
    for (const { name } of indexes.rows) await client.query(`DROP INDEX ${name}`)
    const lastId = await insertKeys(client, fill, onProgress)
    for (const { sql } of indexes.rows) await client.query(sql)
    await moveCounters(client, fill, lastId)
    await client.query('VACUUM ANALYZE keys')
  } finally {
    await client.end()
  }
}

async function insertKeys(
  client: pg.Client,
  fill: Filling,
  onProgress: (done: number) => void,
): Promise<KeyId> {
  let batch: ReturnType<typeof keyRows> extends Generator<infer Row> ? Row[] : never = []
  let lastId = '' as KeyId
  let done = 0
  const flush = async () => {
    const [sample] = batch
    if (sample === undefined) return
    const columns = Object.keys(sample) as (keyof typeof sample)[]
    const { rows } = await client.query<{ name: string; type: string }>(
      `SELECT column_name AS name, data_type AS type FROM information_schema.columns WHERE table_name = 'keys'`,
    )
    const typeOf = (column: string) => rows.find(({ name }) => name === column)!.type
    const lists = columns.map((column, index) => `$${index + 1}::${typeOf(column)}[]`)
    await client.query(
      `INSERT INTO keys (${columns.join(', ')}) SELECT * FROM unnest(${lists.join(', ')})`,
      columns.map((column) => batch.map((row) => row[column])),
    )
    done += batch.length
    onProgress(done)
    batch = []
  }
  for (const row of keyRows(fill)) {
    batch.push({ ...row, fingerprint: Buffer.from(row.fingerprint) })
    lastId = row.id
    if (batch.length === ROWS_MAX) await flush()
  }
  await flush()
  return lastId
}

async function moveCounters(client: pg.Client, { companyId, userId }: Filling, lastId: KeyId): Promise<void> {
  const { rows } = await client.query(
    `SELECT count(*) FILTER (WHERE status = 'active') AS active, count(*) FILTER (WHERE status <> 'active') AS inactive
     FROM keys WHERE company_id = $1`,
    [companyId],
  )
  const { active, inactive } = rows[0]
  const counters = 'keys_active = $1, keys_inactive = $2'
  await client.query(`UPDATE companies SET ${counters}, last_id = $3 WHERE id = $4`, [
    active,
    inactive,
    lastId,
    companyId,
  ])
  await client.query(`UPDATE users SET ${counters} WHERE id = $3`, [active, inactive, userId])
}
