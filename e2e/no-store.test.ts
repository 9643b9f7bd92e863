/** Commands where there is no store: only `serve` and `bootstrap` make one. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type Cluster,
  connectTo,
  createCluster,
  createDatabase,
} from '../packages/server/test/postgres-cluster.ts'
import { createHome, type Home } from './running.ts'

const COMMANDS = [
  ['audit verify'],
  ['audit verify --json'],
  ['audit export --company cmp_01m85bm37sfsgsf64akq27k0gt'],
  ['restore --accept'],
  ['keys create'],
  ['keys create --user usr_01m85bm37sfsgsf64akxb32k52'],
  ['keys delete key_01m85e7dwrfwka4f0gvwh5b2ng --yes'],
  ['users set-password usr_01m85bm37sfsgsf64akxb32k52'],
] as const
const PASSWORD = 'a password that is long enough\n'

let home: Home

beforeEach(() => {
  home = createHome()
})

afterEach(() => home.dispose())

/** Runs a command that must say in one sentence that there is no store. */
async function expectNone(command: string, settings: Record<string, string>, sentence: RegExp) {
  const running = home.start(command.split(' '), { settings })
  running.child.stdin?.end(PASSWORD)
  const { exitCode, stdout, stderr } = await running.ended
  expect(stderr).toMatch(sentence)
  expect(stderr).toMatch(/^latchkey: [^\n]+\n$/)
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
}

describe('where there is no embedded store', () => {
  const none =
    /^latchkey: There is no store at .*data\/latchkey\.db: let LATCHKEY_DATA_DIR name .*latchkey serve/

  it.each([...COMMANDS, ['migrate'] as const])(
    '“%s” says so, with its path, and makes nothing',
    async (command) => {
      await expectNone(command, {}, none)
      expect(readdirSync(home.directory)).toEqual([])
      mkdirSync(home.dataDir)
      await expectNone(command, {}, none)
      expect(readdirSync(home.dataDir)).toEqual([])
    },
  )

  it('“backup” says so too', async () => {
    await expectNone(
      `backup ${join(home.directory, 'copy')}`,
      {},
      /There is no store at .*data\/latchkey\.db/,
    )
    expect(readdirSync(home.directory)).toEqual([])
  })

  it('“doctor” says where it looked, and that is no problem', async () => {
    const { exitCode, stdout } = await home.run(['doctor'])
    expect(stdout).toMatch(/database .*there is none at .*data\/latchkey\.db yet/)
    expect({ exitCode, made: readdirSync(home.directory) }).toEqual({ exitCode: 0, made: [] })
  })

  it('“restore FILE” makes the directory, for its owner only, and says where the server secret goes', async () => {
    const other = createHome()
    try {
      await other.run(['bootstrap'])
      const copy = join(home.directory, 'copy.db')
      await other.run(['backup', copy])
      const { exitCode, stdout, stderr } = await home.run(['restore', copy])
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
      const secretFile = join(home.dataDir, 'server.secret')
      expect(stdout).toContain(`Put the server secret that belongs to it into ${secretFile} (mode 0600)`)
      expect((statSync(home.dataDir).mode & 0o777).toString(8)).toBe('700')
      const early = await home.run(['restore', '--accept'])
      expect(early.stderr).toMatch(/^latchkey: The server secret .* cannot be read [^\n]+\n$/)
      execFileSync('cp', ['-p', join(other.dataDir, 'server.secret'), secretFile])
      expect(await home.run(['restore', '--accept'])).toMatchObject({ exitCode: 0, stderr: '' })
      expect((await home.run(['audit', 'verify'])).stdout).toMatch(/every chain holds/)
    } finally {
      await other.dispose()
    }
  })

  it('“restore FILE” of a file that is no backup makes nothing', async () => {
    const copy = join(home.directory, 'copy.db')
    writeFileSync(copy, 'no database')
    const { exitCode } = await home.run(['restore', copy])
    expect({ exitCode, isMade: existsSync(home.dataDir) }).toEqual({ exitCode: 1, isMade: false })
  })
})

describe('where the database of a server is empty', () => {
  let cluster: Cluster
  let database: Awaited<ReturnType<typeof createDatabase>>
  let settings: Record<string, string>

  beforeAll(async () => {
    cluster = await createCluster()
  })
  afterAll(() => cluster.dispose())

  beforeEach(async () => {
    database = await createDatabase(cluster.url)
    settings = {
      DATABASE_URL: database.url,
      LATCHKEY_SECRET: '7d4e9a1c58f03b62e7a9d5c41f8b0e36',
    }
  })
  afterEach(() => database.drop())

  async function tables(): Promise<unknown[]> {
    const onlooker = await connectTo(database.url)
    try {
      return await onlooker.query("SELECT 1 FROM pg_tables WHERE schemaname = 'public'")
    } finally {
      await onlooker.end()
    }
  }

  it.each(COMMANDS)('“%s” says so, and makes no table', async (command) => {
    await expectNone(command, settings, /There is no store in the database that DATABASE_URL names/)
    expect(await tables()).toEqual([])
  })

  it('“migrate” makes the tables, as their owner does before a lesser role serves', async () => {
    expect(await home.run(['migrate'], settings)).toMatchObject({ exitCode: 0, stderr: '' })
    expect(await tables()).not.toEqual([])
    for (const command of ['keys create', 'usage'])
      await expectNone(command, settings, /This store has no company yet: latchkey serve makes the first/)
  })

  it('“serve” needs no data directory beside it, and the link of the console is there all the same', async () => {
    const named = { ...settings, LATCHKEY_BOOTSTRAP_KEY_FILE: join(home.directory, 'the key') }
    const first = await home.serve({ settings: named })
    expect(first.stdout()).toContain(`is in ${join(home.dataDir, 'console.link')}`)
    expect(readFileSync(join(home.dataDir, 'console.link'), 'utf8')).toMatch(/^http:.*#setup=/)
    await first.stop()

    await database.drop()
    database = await createDatabase(cluster.url)
    writeFileSync(join(home.directory, 'file'), '')
    const nowhere = { DATABASE_URL: database.url, LATCHKEY_DATA_DIR: join(home.directory, 'file', 'data') }
    const second = await home.serve({ settings: { ...named, ...nowhere } })
    expect(second.stdout()).toMatch(/Console .* cannot be written; .*latchkey console-link prints the link/)
    await second.stop()
  })
})
