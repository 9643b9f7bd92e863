/** A command says what it has done when the store has kept it, and not before: on either store, when the commit fails. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, createCluster, createDatabase } from '../packages/server/test/postgres-cluster.ts'
import { createHome, type Home } from './running.ts'

/** Each command starts a process. */
const TEST_MS_MAX = 60_000
const EMAIL = 'ada@example.com'
const PASSWORD = 'correct horse battery staple'
const IMPORTED = 'shop_7Kq2vR9xWm4TzB8nLdQwErTy'

/** A store, seen past the service. */
type Store = {
  readonly settings: Readonly<Record<string, string>>
  /** Each is a statement of its own. */
  run(...statements: string[]): Promise<void>
  /** All that could have been changed, as text. */
  contents(): Promise<string>
  dispose(): Promise<void>
}

/** Fail at the commit, when all else of the transaction is done: every change leaves an audit event. */
const FAILING = {
  sqlite: {
    begin: [
      'CREATE TABLE nobody (id INTEGER PRIMARY KEY) STRICT',
      'CREATE TABLE fails (id INTEGER REFERENCES nobody (id) DEFERRABLE INITIALLY DEFERRED) STRICT',
      'CREATE TRIGGER fails_late AFTER INSERT ON audit_events BEGIN INSERT INTO fails VALUES (1); END',
    ],
    end: ['DROP TRIGGER fails_late', 'DROP TABLE fails', 'DROP TABLE nobody'],
  },
  postgres: {
    begin: [
      "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no commit today'; END $$",
      `CREATE CONSTRAINT TRIGGER fails_late AFTER INSERT ON audit_events DEFERRABLE INITIALLY DEFERRED
       FOR EACH ROW EXECUTE FUNCTION fail()`,
    ],
    end: ['DROP FUNCTION fail() CASCADE'],
  },
} as const

const TABLES = ['keys', 'secrets', 'users', 'passwords', 'invitations', 'audit_events', 'import_formats']

function openSqlite(home: Home): Store {
  const open = () => new DatabaseSync(join(home.dataDir, 'latchkey.db'))
  return {
    settings: {},
    async run(...statements) {
      using database = open()
      for (const statement of statements) database.exec(statement)
    },
    async contents() {
      using database = open()
      return textOf(TABLES.map((table) => database.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).all()))
    },
    dispose: async () => {},
  }
}

async function openPostgres(cluster: Cluster): Promise<Store> {
  const { url, drop } = await createDatabase(cluster.url)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return {
    settings: { DATABASE_URL: url, LATCHKEY_SECRET: '7d4e9a1c58f03b62e7a9d5c41f8b0e36' },
    async run(...statements) {
      for (const statement of statements) await client.query(statement)
    },
    async contents() {
      const all: unknown[] = []
      for (const table of TABLES) all.push((await client.query(`SELECT * FROM ${table} ORDER BY 1, 2`)).rows)
      return textOf(all)
    },
    async dispose() {
      await client.end()
      await drop()
    },
  }
}

const textOf = (rows: unknown): string =>
  JSON.stringify(rows, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
  )

describe.each(['sqlite', 'postgres'] as const)('on %s', (kind) => {
  let home: Home
  let cluster: Cluster | undefined
  let store: Store
  let first: {
    readonly keyId: string
    readonly userId: string
    readonly companyId: string
    readonly key: string
  }

  beforeAll(async () => {
    home = createHome()
    if (kind === 'postgres') cluster = await createCluster()
    store = cluster === undefined ? openSqlite(home) : await openPostgres(cluster)
    const { stdout, stderr } = await home.run(['bootstrap', '--json'], store.settings)
    expect(stderr).not.toMatch(/\n {4}at /)
    first = JSON.parse(stdout)
    await store.run(`UPDATE users SET email = '${EMAIL}'`)
    const hash = createHash('sha256').update(IMPORTED).digest('hex')
    writeFileSync(join(home.directory, 'keys.csv'), `hash,userId\n${hash},${first.userId}\n`)
    await store.run(...FAILING[kind].begin)
  }, TEST_MS_MAX)
  afterAll(async () => {
    await store?.dispose()
    await cluster?.dispose()
    await home.dispose()
  })

  const commands: readonly (readonly [string, () => string[]])[] = [
    ['keys create', () => ['keys', 'create', '--user', first.userId]],
    ['keys rotate', () => ['keys', 'rotate', first.keyId]],
    ['keys delete', () => ['keys', 'delete', first.keyId, '--yes']],
    ['users set-password', () => ['users', 'set-password', EMAIL]],
    ['console-link', () => ['console-link']],
    [
      'import',
      () => [
        ...['import', 'keys.csv', '--from', 'csv', '--format', 'sha256', '--no-check'],
        ...['--company', first.companyId, '--report', 'report.jsonl'],
      ],
    ],
  ]

  it.each(commands)(
    '“%s” prints no secret and no success, and nothing is changed',
    async (_, argsOf) => {
      const before = await store.contents()
      const running = home.start(argsOf(), { settings: store.settings })
      running.child.stdin?.end(`${PASSWORD}\n`)
      const { exitCode, stdout, stderr } = await running.ended
      expect({ exitCode: exitCode === 0, stdout }).toEqual({ exitCode: false, stdout: '' })
      expect(stderr).not.toMatch(/lk_live_|console#|is set|is deleted/)
      expect(stderr).not.toBe('')
      expect(await store.contents()).toBe(before)
    },
    TEST_MS_MAX,
  )

  it(
    'and the same is done when the commit is',
    async () => {
      await store.run(...FAILING[kind].end)
      const { exitCode, stdout } = await home.run(commands[0]![1](), store.settings)
      expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringMatching(/lk_live_/) })
    },
    TEST_MS_MAX,
  )
})
