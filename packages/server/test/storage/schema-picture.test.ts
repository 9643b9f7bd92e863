/** The current schema of each store, as the store itself describes it: what all migrations together have made. */
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { expect, test } from 'vitest'
import { storeFileOf } from '../../src/open-store.ts'
import { useTestServer } from '../harness.ts'

const server = useTestServer()

test('the schema is that of the picture (vitest run -u draws it anew)', async () => {
  const { store } = server.services.engine
  const picture = server.databaseUrl === undefined ? ofFile() : await ofDatabase(server.databaseUrl)
  await expect(picture).toMatchFileSnapshot(`../../src/storage/migrations/${store}-schema.txt`)
})

function ofFile(): string {
  const database = new DatabaseSync(storeFileOf(server.dataDir), { readOnly: true })
  try {
    const rows = database.prepare(
      'SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type DESC, name',
    )
    return `${rows
      .all()
      .map(({ sql }) => String(sql))
      .join('\n\n')}\n`
  } finally {
    database.close()
  }
}

const COLUMNS = `SELECT table_name AS name, column_name || ' ' || data_type
    || CASE WHEN collation_name IS NULL THEN '' ELSE ' COLLATE ' || collation_name END
    || CASE WHEN is_nullable = 'NO' THEN ' NOT NULL' ELSE '' END AS line
  FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, ordinal_position`
const CONSTRAINTS = `SELECT conrelid::regclass::text AS name, pg_get_constraintdef(oid) AS line
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n' ORDER BY 1, 2`
const INDEXES = `SELECT tablename AS name, indexdef AS line FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2`
const TRIGGERS = `SELECT tgrelid::regclass::text AS name, pg_get_triggerdef(oid) AS line
  FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2`

async function ofDatabase(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const tables = new Map<string, string[]>()
    for (const query of [COLUMNS, CONSTRAINTS, INDEXES, TRIGGERS]) {
      for (const { name, line } of (await client.query(query)).rows) {
        const lines = tables.get(name) ?? []
        lines.push(`  ${line}`)
        tables.set(name, lines)
      }
    }
    return [...tables].map(([name, lines]) => `${name}\n${lines.join('\n')}\n`).join('\n')
  } finally {
    await client.end()
  }
}
