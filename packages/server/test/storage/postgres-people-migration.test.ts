/** What people are in a store of the release before, on PostgreSQL. */
import pg from 'pg'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { migratePostgres } from '../../src/storage/migrations/postgres.ts'
import { initial } from '../../src/storage/migrations/postgres-0001-initial.ts'
import { provableAudit } from '../../src/storage/migrations/postgres-0002-provable-audit.ts'
import { keyCeilings } from '../../src/storage/migrations/postgres-0004-key-ceilings.ts'
import { searchedTexts } from '../../src/storage/migrations/postgres-0005-searched-texts.ts'
import { createDatabase } from '../postgres-cluster.ts'
import { RELEASE_BEFORE } from './release-before.ts'

let database: Awaited<ReturnType<typeof createDatabase>>
let client: pg.Client

beforeEach(async () => {
  database = await createDatabase(inject('databaseServer')!)
  client = new pg.Client({ connectionString: database.url })
  await client.connect()
  await client.query('CREATE TABLE migrations (name TEXT PRIMARY KEY, applied_at BIGINT NOT NULL)')
  await client.query(initial)
  await client.query("INSERT INTO migrations VALUES ('0001-initial', 1)")
  const bytes = "decode(repeat('00', 32), 'hex')"
  await client.query(RELEASE_BEFORE.replaceAll('EMPTY', "''").replaceAll('BYTES32', bytes))
})
afterEach(async () => {
  await client.end()
  await database.drop()
})

const rowsOf = async (sql: string) => (await client.query(sql)).rows

test('everybody is there as before, and each password is for the address its user has', async () => {
  const before = await rowsOf('SELECT * FROM users ORDER BY id')
  await migratePostgres(client)
  const after = await rowsOf('SELECT * FROM users ORDER BY id')
  expect(after).toEqual(before.map((row) => ({ ...row, deleted_at: null })))
  expect(await rowsOf('SELECT user_id, hash, email, giver FROM passwords ORDER BY user_id')).toEqual([
    { user_id: 'usr_1', hash: 'a hash', email: 'ada@example.com', giver: null },
    { user_id: 'usr_2', hash: 'another hash', email: null, giver: null },
  ])
})

test('a store that has later steps already still gets this one', async () => {
  await client.query(`${provableAudit} ${keyCeilings} ${searchedTexts}
    INSERT INTO migrations VALUES ('0002-provable-audit', 2), ('0004-key-ceilings', 4), ('0005-searched-texts', 5)`)
  await migratePostgres(client)
  expect(await rowsOf('SELECT email FROM passwords')).toHaveLength(2)
  expect(await rowsOf('SELECT name FROM migrations')).toContainEqual({ name: '0003-people' })
})

test('an address is unique in its company', async () => {
  await migratePostgres(client)
  const give = (id: string) => client.query("UPDATE users SET email = 'eve@example.com' WHERE id = $1", [id])
  await expect(give('usr_1')).resolves.toMatchObject({ rowCount: 1 })
  await expect(give('usr_2')).rejects.toThrow('unique')
})
