import { dayOf, monthOf } from '@latchkey/core/calendar'
import pg from 'pg'
import { COUNT_COLUMNS } from '../packages/server/src/storage/tables/usage-counts.ts'
import type { BenchStore } from './stores.ts'
import {
  COMPANY,
  MONTH_DAYS,
  NETWORKS,
  PARTS,
  REFUSED_EVERY,
  USES_MAX,
  type UsageFilling,
  type UsageSize,
} from './usage-filling.ts'

/** Fills the usage of a database that no server counts in, each row as it is when its day is over. */
export async function fillDatabaseUsage(
  url: string,
  { companyId }: Pick<BenchStore, 'companyId'>,
  filling: UsageFilling,
): Promise<UsageSize> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('SET synchronous_commit = off; SET session_replication_role = replica')
    const keyIds = await fillKeys(client, companyId, filling.keys)
    const first = dayOf(Date.now()) - filling.days + 1
    await fillDays(client, first, filling)
    await client.query(`VACUUM ANALYZE ${PARTS.join(', ')}`)
    const parts: Record<string, number> = {}
    for (const part of PARTS) parts[part] = await bytesOf(client, part)
    await sumMonth(client, first)
    return {
      bytes: Object.values(parts).reduce((sum, bytes) => sum + bytes, 0),
      parts,
      monthBytes: await bytesOf(client, 'usage_months'),
      monthOfDaysBytes: (parts.usage_days! * MONTH_DAYS) / filling.days,
      keyIds,
    }
  } finally {
    await client.end()
  }
}

const AN_ADDRESS = "host('0.0.0.0'::inet + floor(random() * 4294967295)::bigint)"

async function fillKeys(client: pg.Client, companyId: string, keys: number): Promise<string[]> {
  const nowMs = Date.now()
  await client.query(
    'INSERT INTO usage_companies (number, company_id) OVERRIDING SYSTEM VALUE VALUES ($1, $2)',
    [COMPANY, companyId],
  )
  const { rows } = await client.query<{ key_id: string }>(
    `INSERT INTO usage_keys OVERRIDING SYSTEM VALUE
     SELECT row_number() OVER (ORDER BY random()), id, ${COMPANY}, null, null, null
     FROM (SELECT id FROM keys WHERE company_id = $1 ORDER BY id LIMIT $2) AS known RETURNING key_id`,
    [companyId, keys],
  )
  for (let count = 0; count < NETWORKS; count++) {
    await client.query(
      `INSERT INTO usage_networks SELECT number, 1, address, address, ${nowMs}, ${nowMs}
       FROM (SELECT number, ${AN_ADDRESS} AS address FROM usage_keys) AS used ON CONFLICT DO NOTHING`,
    )
  }
  await client.query(`INSERT INTO key_usage SELECT key_id, ${nowMs}, ${AN_ADDRESS} FROM usage_keys`)
  return rows.map(({ key_id }) => key_id)
}

async function fillDays(client: pg.Client, first: number, { usedDaily, days, onProgress }: UsageFilling) {
  const values = COUNT_COLUMNS.map((column) => {
    if (column === 'valid') return `1 + floor(random() * ${USES_MAX})`
    return column === 'ip_not_allowed' ? `(random() < 1.0 / ${REFUSED_EVERY})::int` : '0'
  })
  for (let day = first; day < first + days; day++) {
    await client.query(
      `INSERT INTO usage_days SELECT ${day}, ${COMPANY}, number, ${values.join(', ')}
       FROM (SELECT number FROM usage_keys ORDER BY random() LIMIT $1) AS used`,
      [usedDaily],
    )
    onProgress(day - first + 1)
  }
}

async function sumMonth(client: pg.Client, first: number): Promise<void> {
  const sums = COUNT_COLUMNS.map((column) => `sum(${column})`)
  await client.query(
    `INSERT INTO usage_months SELECT ${monthOf(first)}, company_number, key_number, ${sums.join(', ')}
     FROM usage_days WHERE day BETWEEN $1 AND $2 GROUP BY company_number, key_number`,
    [first, first + MONTH_DAYS - 1],
  )
}

/** A table with its indexes. */
async function bytesOf(client: pg.Client, table: string): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>('SELECT pg_total_relation_size($1) AS bytes', [
    table,
  ])
  return Number(rows[0]!.bytes)
}
