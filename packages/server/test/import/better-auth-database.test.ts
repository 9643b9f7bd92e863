import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, it } from 'vitest'
import { isSqliteFile, readBetterAuthDatabase } from '../../src/import/better-auth-database.ts'
import { OPTIONS, rowsFor } from './reading.ts'

const directory = mkdtempSync(join(tmpdir(), 'better-auth-'))
afterAll(() => rmSync(directory, { recursive: true }))

const TEXT = 'XvNKqMrDzTbWcHsYpLfJgRkQnZtVmBdGXvNKqMrDzTbWcHsYpLfJgRkQnZtVmBdG'
const KEY = createHash('sha256').update(TEXT).digest('base64url')

function database(name: string, ...statements: readonly string[]): string {
  const path = join(directory, name)
  const made = new DatabaseSync(path)
  for (const statement of statements) made.exec(statement)
  made.close()
  return path
}

const read = (path: string) => Array.fromAsync(readBetterAuthDatabase(path, OPTIONS))

it('a table under any name is found by its columns, old or new', async () => {
  const path = database(
    'renamed.db',
    'CREATE TABLE user (id text, name text, start text)',
    'CREATE TABLE api_keys (id text, start text, key text, user_id text, request_count integer, enabled integer, expires_at integer)',
    `INSERT INTO api_keys VALUES ('k', 'XvNKqM', '${KEY}', 'u1', 3, 0, 1801353600000)`,
  )
  expect(rowsFor(await read(path), TEXT)).toMatchObject([
    {
      line: 1,
      externalUserId: 'u1',
      status: 'disabled',
      expiresAt: '2027-01-31T00:00:00.000Z',
      prefix: 'XvNKqM',
    },
  ])
})

it.each([
  ['seconds', 1_801_353_600, 1_769_846_400],
  ['milliseconds', 1_801_353_600_000, 1_769_846_400_000],
])('times that Drizzle wrote in %s are the same times', async (unit, end, start) => {
  const path = database(
    `${unit}.db`,
    'CREATE TABLE apikey (id text, start text, key text, reference_id text, request_count integer, expires_at integer, created_at integer)',
    `INSERT INTO apikey VALUES ('k', 'XvNKqM', '${KEY}', 'u1', 3, ${end}, ${start})`,
  )
  expect(rowsFor(await read(path), TEXT)).toMatchObject([
    { expiresAt: '2027-01-31T00:00:00.000Z', createdAt: '2026-01-31T08:00:00.000Z' },
  ])
})

it.each([
  [
    'without such a table',
    'none.db',
    ['CREATE TABLE user (id text)'],
    /No table of this database has the columns/,
  ],
  [
    'with two of them',
    'two.db',
    ['a', 'b'].map((name) => `CREATE TABLE ${name} (key text, start text, requestCount integer)`),
    /Several tables.*\(a, b\)/,
  ],
] as const)('a database %s is told', async (_, name, statements, reason) => {
  await expect(read(database(name, ...statements))).rejects.toThrow(reason)
})

it('a damaged database is told', async () => {
  const path = join(directory, 'damaged.db')
  writeFileSync(path, `SQLite format 3\0${'x'.repeat(5_000)}`)
  await expect(read(path)).rejects.toThrow(/^The SQLite database cannot be read/)
})

it('a database is known by its first bytes', () => {
  expect([isSqliteFile(Buffer.from('SQLite format 3\0…')), isSqliteFile(Buffer.from('id,key'))]).toEqual([
    true,
    false,
  ])
})
