/** Old audit events on PostgreSQL: the role that serves may be kept from taking them away, their owner takes them. */
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Cluster, connectTo, createCluster } from '../../packages/server/test/postgres-cluster.ts'
import { createHome, type Home } from '../running.ts'

const SECRET = randomBytes(32).toString('hex')

let cluster: Cluster
let home: Home

beforeAll(async () => {
  cluster = await createCluster()
})
afterAll(() => cluster?.dispose())
beforeEach(() => {
  home = createHome()
})
afterEach(() => home.dispose())

const urlOf = (user: string) => `postgres://${user}@127.0.0.1:${cluster.port}/latchkey`
const settingsOf = (user: string) => ({ DATABASE_URL: urlOf(user), LATCHKEY_SECRET: SECRET })

/** Each statement by itself: a database is not made inside a transaction. */
async function say(url: string, ...statements: readonly string[]): Promise<void> {
  const connection = await connectTo(url)
  for (const statement of statements) await connection.query(statement)
  await connection.end()
}

it('a role that may delete no audit events is told so before a file is made, and their owner prunes', async () => {
  await say(cluster.url, 'CREATE ROLE keeper LOGIN', 'CREATE DATABASE latchkey OWNER keeper')
  expect(await home.run(['migrate'], settingsOf('keeper'))).toMatchObject({ exitCode: 0 })
  // As docs/operate/fleet.md has it.
  await say(
    urlOf('postgres'),
    'CREATE ROLE latchkey_app LOGIN',
    'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO latchkey_app',
    'REVOKE UPDATE, DELETE, TRUNCATE ON audit_events FROM latchkey_app',
  )
  expect(await home.run(['bootstrap'], settingsOf('latchkey_app'))).toMatchObject({ exitCode: 0 })

  const file = join(home.directory, 'events.ndjson')
  const prune = (user: string) =>
    home.run(['audit', 'prune', '--before', new Date().toISOString(), '--export', file], settingsOf(user))
  expect(await prune('latchkey_app')).toEqual({
    exitCode: 1,
    stdout: '',
    stderr:
      'latchkey: The role in DATABASE_URL may delete no audit events, so nothing is pruned: run this as the owner of ' +
      'the tables, with a DATABASE_URL for that role.\n',
  })
  expect(existsSync(file)).toBe(false)

  const pruned = await prune('keeper')
  expect(pruned).toMatchObject({ exitCode: 0, stderr: '' })
  expect(pruned.stdout).toMatch(/^Pruned \d+ events of 1 company/)
  expect(readFileSync(file, 'utf8')).toContain('"companyId"')
  const verified = await home.run(['audit', 'verify'], settingsOf('latchkey_app'))
  expect(verified).toMatchObject({ exitCode: 0, stdout: '1 company, 1 event: every chain holds.\n' })
})
