import { execFileSync, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { delimiter, dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { createHome, type Home } from './running.ts'

/** No second line, so no stack either. */
const ONE_SENTENCE = /^latchkey: (?!.*Error:)[^\n]+\n$/

let home: Home
let store: string

beforeEach(() => {
  home = createHome()
  store = join(home.dataDir, 'latchkey.db')
})

afterEach(() => home.dispose())

/** Every file of the home, by name, with its contents' hash. */
function contents(): Record<string, string> {
  const names = readdirSync(home.directory, { recursive: true, withFileTypes: true })
  return Object.fromEntries(
    names.map((entry) => {
      const path = join(entry.parentPath, entry.name)
      return [path, entry.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'other']
    }),
  )
}

/** Starts the service, which must refuse with one sentence and leave every file as it was. */
async function expectRefused(settings: Readonly<Record<string, string>>, sentence: RegExp): Promise<void> {
  const before = contents()
  const { exitCode, stdout, stderr } = await refusedStart(settings)
  expect(stderr).toMatch(sentence)
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
  expect(stderr).toMatch(ONE_SENTENCE)
  expect(contents()).toEqual(before)
}

/** How the start ended. One that was not refused is killed, so that its exit code tells. */
async function refusedStart(settings: Readonly<Record<string, string>>) {
  const running = home.start(['serve'], { settings })
  const ready = running.printed(/Ctrl-C stops it/).then(() => running.stop('SIGKILL'))
  return Promise.race([running.ended, ready.catch(() => running.ended)])
}

/** A store as a service leaves it that ended in order. */
async function makeStore(): Promise<void> {
  const { exitCode, stderr } = await home.run(['bootstrap'])
  if (exitCode !== 0) throw new Error(stderr)
}

describe('a setting that is wrong stops the start, and is named', () => {
  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ['PORT', '70000', /PORT must be a whole number from 0 to 65535/],
    ['DATABASE_URL', 'mysql://localhost/latchkey', /DATABASE_URL /],
    ['LATCHKEY_SECRET', 'short', /LATCHKEY_SECRET must hold at least 32 characters/],
    ['LATCHKEY_PUBLIC_URL', 'https://example.com/keys?x', /LATCHKEY_PUBLIC_URL must be a URL such as/],
    ['LATCHKEY_PUBLIC_URL', 'https://u:hunter2@example.com', /without query, user or password\.\n$/],
    [
      'LATCHKEY_TRUSTED_PROXIES',
      '10.0.0.0/33',
      /LATCHKEY_TRUSTED_PROXIES: "10\.0\.0\.0\/33" has a length above 32/,
    ],
    ['LATCHKEY_KEY_PREFIX', 'LK', /LATCHKEY_KEY_PREFIX must be 1 to 16 characters/],
    ['LATCHKEY_CORS_ORIGINS', 'example.com', /LATCHKEY_CORS_ORIGINS must be an origin/],
    ['LATCHKEY_FAILED_AUTH_PER_MINUTE', '0', /LATCHKEY_FAILED_AUTH_PER_MINUTE must be a whole number/],
    ['LATCHKEY_LOG_LEVEL', 'loud', /LATCHKEY_LOG_LEVEL must be one of fatal, error/],
    ['LATCHKEY_WORKERS', 'many', /LATCHKEY_WORKERS must be/],
    ['LATCHKEY_TRUSTED_PROXY', '10.0.0.1', /LATCHKEY_TRUSTED_PROXY: did you mean LATCHKEY_TRUSTED_PROXIES\?/],
    ['LATCHKEY_ZZZZZZZZZZZZ', 'yes', /LATCHKEY_ZZZZZZZZZZZZ: latchkey serve --help lists all of them/],
  ]

  it('each with one sentence, and nothing is made', async () => {
    // At once, because each start costs a second of one core; they share a directory that must stay empty.
    const ends = await Promise.all(wrong.map(([name, value]) => refusedStart({ [name]: value })))
    for (const [index, { exitCode, stdout, stderr }] of ends.entries()) {
      const [name, , sentence] = wrong[index]!
      expect({ name, exitCode, stdout }).toEqual({ name, exitCode: 1, stdout: '' })
      expect(stderr).toMatch(sentence)
      expect(stderr).toMatch(ONE_SENTENCE)
    }
    expect(contents()).toEqual({})
  })

  it('two places for the server secret', async () => {
    const file = join(home.directory, 'secret')
    writeFileSync(file, randomBytes(32).toString('hex'))
    await expectRefused(
      { LATCHKEY_SECRET: randomBytes(32).toString('hex'), LATCHKEY_SECRET_FILE: file },
      /LATCHKEY_SECRET and LATCHKEY_SECRET_FILE are both set/,
    )
  })

  test.each([
    ['LATCHKEY_SECRET_FILE', 'missing', /server secret .*missing cannot be read.*LATCHKEY_SECRET_FILE/],
    ['LATCHKEY_SECRET_FILE', 'text', /server secret in .*text must hold at least 32 characters/],
    ['LATCHKEY_ISSUERS_FILE', 'missing', /LATCHKEY_ISSUERS_FILE.*missing cannot be read/],
    ['LATCHKEY_ISSUERS_FILE', 'text', /LATCHKEY_ISSUERS_FILE.*text cannot be read as JSON/],
  ])('%s names a file that is of no use: %s', async (name, file, sentence) => {
    const path = join(home.directory, file)
    writeFileSync(join(home.directory, 'text'), '{ issuer: ')
    await expectRefused({ [name]: path }, sentence)
  })
})

describe('a place that cannot be used stops the start', () => {
  test.each([
    ['a device', '/dev/null', /the admin key, \/dev\/null, is a device/],
    ['standard output', '/dev/stdout', /is a symbolic link/],
    ['a directory', '.', /is a directory/],
    ['a file of somebody else', 'notes', /holds something else than a key/],
    ['a file in a directory that is missing', 'missing/key', /cannot be written to .*ENOENT/],
  ])('of the admin key: %s, before a store is made', async (_what, place, sentence) => {
    writeFileSync(join(home.directory, 'notes'), 'of somebody else')
    const before = statSync('/dev/null').mode
    const settings = { LATCHKEY_BOOTSTRAP_KEY_FILE: resolve(home.directory, place) }
    await expectRefused(settings, sentence)
    expect(statSync('/dev/null').mode).toBe(before)
    // The store has its key: a later start writes none.
    await makeStore()
    await (await home.serve({ settings })).stop()
    expect(statSync('/dev/null').mode).toBe(before)
    expect(readFileSync(join(home.directory, 'notes'), 'utf8')).toBe('of somebody else')
  })

  it.each(['file', 'file/data'])('a data directory that is a file, or lies in one: %s', async (name) => {
    writeFileSync(join(home.directory, 'file'), '')
    await expectRefused(
      { LATCHKEY_DATA_DIR: join(home.directory, name) },
      new RegExp(
        `The data directory .*${name} is a file, or lies in one: let LATCHKEY_DATA_DIR name a directory`,
      ),
    )
  })

  it('an address that is not of this machine', async () => {
    await makeStore()
    await expectRefused({ HOST: '192.0.2.1' }, /HOST 192\.0\.2\.1 is not an address of this machine/)
  })

  describe('a port that another program holds', () => {
    let other: Server
    let settings: { readonly PORT: string }

    beforeEach(async () => {
      other = createServer().listen(0, '127.0.0.1')
      await once(other, 'listening')
      settings = { PORT: String((other.address() as AddressInfo).port) }
    })

    afterEach(() => void other.close())

    it('under a store in use', async () => {
      await makeStore()
      await expectRefused(settings, /Port \d+ on 127\.0\.0\.1 is in use.*set PORT/)
    })

    it('at the first start, for which nothing is made', async () => {
      await expectRefused(settings, /Port \d+ on 127\.0\.0\.1 is in use.*set PORT/)
    })
  })
})

describe('a data directory that others can reach into stops the start', () => {
  it.each(['644', '604', '606', '666'])('a server secret with the mode %s', async (mode) => {
    await makeStore()
    const file = join(home.dataDir, 'server.secret')
    chmodSync(file, Number.parseInt(mode, 8))
    await expectRefused({}, /server\.secret can be read by every user of this machine .*chmod 600/)
  })

  it('not one that a volume gives to a group', async () => {
    await makeStore()
    chmodSync(join(home.dataDir, 'server.secret'), 0o660)
    await (await home.serve()).stop()
  })

  it.each(['latchkey.db', 'server.secret'])('%s as a link to a file elsewhere', async (name) => {
    await makeStore()
    const elsewhere = join(home.directory, 'elsewhere')
    renameSync(join(home.dataDir, name), elsewhere)
    symlinkSync(elsewhere, join(home.dataDir, name))
    await expectRefused({}, /is a symbolic link, .*LATCHKEY_DATA_DIR/)
  })

  it.each(['latchkey.db', 'latchkey.db-wal', 'server.secret'])(
    '%s as a link to nothing, before the first start',
    async (name) => {
      mkdirSync(home.dataDir)
      symlinkSync(join(home.directory, 'nothing'), join(home.dataDir, name))
      await expectRefused({}, /is a symbolic link, .*LATCHKEY_DATA_DIR/)
    },
  )

  it('not the directory itself as a link', async () => {
    mkdirSync(join(home.directory, 'volume'))
    symlinkSync(join(home.directory, 'volume'), home.dataDir)
    await (await home.serve()).stop()
  })
})

describe('a store that cannot be trusted stops the start, and stays as it is', () => {
  function change(sql: string): void {
    const database = new DatabaseSync(store)
    database.exec(sql)
    database.close()
  }

  function overwrite(position: number, bytes: Buffer): void {
    const descriptor = openSync(store, 'r+')
    writeSync(descriptor, bytes, 0, bytes.length, position)
    closeSync(descriptor)
  }

  function damagePageOf(name: string): void {
    const database = new DatabaseSync(store)
    const page = database.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(name)
    const size = database.prepare('PRAGMA page_size').get()
    database.close()
    overwrite((Number(page?.rootpage) - 1) * Number(size?.page_size), Buffer.alloc(64, 0xa5))
  }

  test.each<[string, () => void, RegExp]>([
    [
      'one whose secret is gone',
      () => rmSync(join(home.dataDir, 'server.secret')),
      /server\.secret cannot be read/,
    ],
    [
      'one with another secret',
      () => writeFileSync(join(home.dataDir, 'server.secret'), 'another secret, long enough to be one'),
      /The server secret is not the one this store was made with/,
    ],
    ['one with a damaged table', () => damagePageOf('keys'), /latchkey\.db is damaged: restore it/],
    ['one with a damaged index', () => damagePageOf('keys_by_user'), /latchkey\.db is damaged: restore it/],
    [
      'one with a damaged header',
      () => overwrite(0, Buffer.alloc(100, 0xa5)),
      /latchkey\.db is damaged: restore/,
    ],
    ['one that was cut short', () => truncateSync(store, 50_000), /latchkey\.db is damaged: restore it/],
    [
      'one of a newer release',
      () => change("INSERT INTO migrations (name, applied_at) VALUES ('9999-later', 0)"),
      /written by a newer release of Latchkey \(it has the migration 9999-later\)/,
    ],
  ])('%s', async (_name, harm, sentence) => {
    await makeStore()
    harm()
    await expectRefused({}, sentence)
  })

  test.each([
    ['with tables of its own', 'CREATE TABLE songs (title TEXT) STRICT'],
    ['with a mark of its own', 'PRAGMA application_id = 252006673; CREATE TABLE songs (title TEXT) STRICT'],
  ])('a database of another program, %s', async (_name, sql) => {
    mkdirSync(home.dataDir)
    change(sql)
    writeFileSync(join(home.dataDir, 'server.secret'), 'a secret that is long enough to be one', {
      mode: 0o600,
    })
    await expectRefused({}, /belongs to another program[^\n]+LATCHKEY_DATA_DIR/)
  })
})

describe('an old Node', () => {
  const oldNode = (process.env.PATH ?? '')
    .split(delimiter)
    .map((directory) => join(directory, 'node'))
    .find((file) => existsSync(file) && majorOf(file) < 24)

  function majorOf(file: string): number {
    return Number(/^v(\d+)/.exec(execFileSync(file, ['--version'], { encoding: 'utf8' }))?.[1])
  }

  it.skipIf(oldNode === undefined)('is told which one is needed, in one sentence', async () => {
    const wrap = ([, ...rest]: readonly string[]) => [oldNode ?? '', ...rest]
    const { exitCode, stdout, stderr } = await home.start(['serve'], { wrap }).ended
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toMatch(
      /^latchkey: this is Node \S+, and Node 24 or newer is needed: [^\n]+ npm [^\n]+\n$/,
    )
    expect(readdirSync(home.directory)).toEqual([])
  })

  it.skipIf(oldNode === undefined)('is told how to fetch the one of the project where it is missing', () => {
    const [launcher, own] = ['packages/cli/bin/latchkey.js', 'node_modules/node/bin/node'].map((file) => {
      const path = join(home.directory, file)
      mkdirSync(dirname(path), { recursive: true })
      return path
    }) as [string, string]
    copyFileSync(join(import.meta.dirname, '../packages/cli/bin/latchkey.js'), launcher)
    writeFileSync(join(home.directory, 'package.json'), '{ "type": "module" }')
    const told = () => spawnSync(oldNode ?? '', [launcher, 'serve'], { encoding: 'utf8' }).stderr
    expect(told()).toMatch(/^latchkey: [^\n]+is missing[^\n]+npm rebuild node --prefix '[^\n]+'[^\n]+\n$/)
    writeFileSync(own, '')
    expect(told()).toMatch(/run it through npm/)
  })
})

describe.skipIf(process.getuid?.() !== 0)('a data directory that belongs to somebody else', () => {
  const NOBODY = 65_534
  const asNobody = (command: readonly string[]) => [
    'setpriv',
    `--reuid=${NOBODY}`,
    '--clear-groups',
    ...command,
  ]

  it.each([
    ['is there', true, 'open', 'give it'],
    ['would have to be made', false, 'mkdir', 'make it, and give it'],
  ])('and %s is refused with the number of whom to give it to', async (_what, isThere, did, order) => {
    chmodSync(home.directory, 0o755)
    if (isThere) mkdirSync(home.dataDir, { mode: 0o755 })
    const { exitCode, stdout, stderr } = await home.start(['serve'], { wrap: asNobody }).ended
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toMatch(ONE_SENTENCE)
    expect(stderr).toContain(`cannot be written (EACCES: permission denied, ${did} '${home.dataDir}`)
    expect(stderr).toContain(
      `: ${order} to the user that the service runs as (number ${NOBODY}), or choose another with LATCHKEY_DATA_DIR.\n`,
    )
  })
})

const canTrace = spawnSync('strace', ['-qq', '-o', '/dev/null', 'true']).status === 0

/** SQLite cannot tell the one from the other: both are named, with what to do. */
it.skipIf(!canTrace)('a file system that locks no files is named beside another process', async () => {
  const { exitCode, stdout, stderr } = await home.start(['serve'], {
    wrap: (command) => [
      ...['strace', '-D', '-f', '-qq', '-o', '/dev/null', '-P', store],
      ...['-e', 'trace=fcntl', '-e', 'inject=fcntl:error=ENOLCK', ...command],
    ],
  }).ended
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
  expect(stderr).toMatch(ONE_SENTENCE)
  expect(stderr).toMatch(/stop the old service.*locks no files.*LATCHKEY_DATA_DIR on a local disk/)
})
