/** Tables are not changed under a server that is at work on them. */
import pg from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { migratePostgres } from '../../src/storage/migrations/postgres.ts'
import { startTestServer, type TestService } from '../harness.ts'

let server: TestService
let client: pg.Client

beforeAll(async () => {
  server = await startTestServer()
  client = new pg.Client({ connectionString: server.databaseUrl })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await server.dispose()
})

const IS_LATER = `name = '0019-invitation-makers'`

test('a release with other tables waits until the servers of the one before are stopped', async () => {
  const { rows } = await client.query(`DELETE FROM migrations WHERE ${IS_LATER} RETURNING *`)
  await expect(migratePostgres(client)).rejects.toThrow(/stop all of them, then try again/)
  expect((await client.query(`SELECT * FROM migrations WHERE ${IS_LATER}`)).rows).toEqual([])
  await client.query('INSERT INTO migrations VALUES ($1, $2)', [rows[0].name, rows[0].applied_at])
  await migratePostgres(client)
})

test('whoever starts meanwhile waits until the tables are made, however long, and for a table no longer than before', async () => {
  const other = new pg.Client({ connectionString: server.databaseUrl })
  await other.connect()
  await other.query(`SELECT pg_advisory_lock(${0x4c4b6579}, 1)`)
  await client.query(`CREATE SCHEMA waiting; SET search_path = waiting; SET lock_timeout = '50ms'`)
  const migrated = migratePostgres(client)
  migrated.catch(() => {})
  await vi.waitFor(async () => {
    const { rows } = await other.query(
      `SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = ${0x4c4b6579} AND NOT granted`,
    )
    expect(rows).toHaveLength(1)
  })
  await other.query('SELECT pg_sleep(0.2)')
  await other.end()
  await migrated
  expect((await client.query('SHOW lock_timeout')).rows).toEqual([{ lock_timeout: '50ms' }])
  await client.query('RESET search_path; RESET lock_timeout')
})

test('the row of a server that was killed is in nobody’s way', async () => {
  await client.query('CREATE SCHEMA killed; SET search_path = killed')
  await migratePostgres(client)
  await client.query(`INSERT INTO servers (id, epoch, applied, beat) VALUES ('killed', '', 1, 'its last');
    ALTER TABLE invitations DROP COLUMN maker; DELETE FROM migrations WHERE ${IS_LATER}`)
  await migratePostgres(client)
  expect((await client.query(`SELECT name FROM migrations WHERE ${IS_LATER}`)).rows).toHaveLength(1)
  await client.query('RESET search_path')
})
