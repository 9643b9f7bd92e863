import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { diagnoseObjects } from '../../src/diagnose/objects.ts'
import { inspectPostgres } from '../../src/storage/postgres/inspection.ts'
import { startTestServer, type TestService } from '../harness.ts'

let server: TestService
let client: pg.Client

beforeAll(async () => {
  server = await startTestServer()
  client = new pg.Client({ connectionString: server.databaseUrl })
  await client.connect()
  await client.query('CREATE FUNCTION slip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$')
})
afterAll(async () => {
  await client.end()
  await server.dispose()
})

const look = async () => diagnoseObjects((await inspectPostgres(server.databaseUrl!, [])).strange)

test.each([
  [
    'trigger',
    'CREATE TRIGGER slip BEFORE INSERT ON keys FOR EACH ROW EXECUTE FUNCTION slip()',
    'problem',
    'ON keys',
  ],
  ['rule', 'CREATE RULE slip AS ON DELETE TO audit_events DO INSTEAD NOTHING', 'problem', ''],
  ['policy', 'CREATE POLICY slip ON keys USING (false)', 'problem', ''],
  ['table', 'CREATE TABLE slip (id int)', 'warning', ''],
  ['view', 'CREATE VIEW slip AS SELECT id FROM keys', 'warning', ''],
  ['index', 'CREATE INDEX slip ON keys (last_four)', 'warning', ''],
])('a %s that is not of this release is named, and gone with the command', async (type, sql, level, on) => {
  await client.query(sql)
  const found = await look()
  expect(found.level).toBe(level)
  expect(found.detail).toContain(`${type} "slip"`)
  const drop = new RegExp(`DROP ${type} "slip"[^;]*;`, 'i').exec(found.remedy ?? '')?.[0]
  // PostgreSQL wants to know of which table; what it says must be taken as it is.
  await client.query(drop ?? 'SELECT no_command')
  const left = await look()
  expect(left.detail).not.toContain(`${type} "slip"`)
  expect(on === '' || drop?.includes('"keys"')).toBe(true)
})

test('a function beside the tables is named too, and nothing of ours is', async () => {
  const found = await look()
  expect(found).toMatchObject({ level: 'warning', detail: 'Not made by this release: function "slip".' })
  await client.query('DROP FUNCTION "slip"')
  expect(await look()).toMatchObject({ level: 'ok' })
})
