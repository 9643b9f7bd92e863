/** Places and ids that cannot be meant: said in one sentence, at once, and nothing is made. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Answered } from './command-host.ts'
import { useCommands } from './commands.ts'

const COMMAND = join(import.meta.dirname, '../bin/latchkey.js')
const SECRET = '7d4e9a1c58f03b62e7a9d5c41f8b0e36'.repeat(2)
const isLinux = process.platform === 'linux'

const { directory, run } = useCommands()

/** A failure told in one sentence. */
function expectTold(answer: Answered, sentence: RegExp): void {
  expect(answer).toEqual({ status: 1, stdout: '', stderr: expect.stringMatching(sentence) })
  expect(answer.stderr).toMatch(/^latchkey: [^\n]+\n$/)
}

beforeAll(async () => {
  expect((await run(['bootstrap'])).status).toBe(0)
  writeFileSync(join(directory, 'text'), 'not a store')
  mkdirSync(join(directory, 'folder'))
  symlinkSync(join(directory, 'unmounted'), join(directory, 'dangling'))
  symlinkSync('circle', join(directory, 'circle'))
  spawnSync('mkfifo', [join(directory, 'pipe')])
})

describe('a data directory', () => {
  it.skipIf(!isLinux).each(['/proc/latchkey/data', '/proc', '/sys/latchkey', '/dev/fd/latchkey/data'])(
    'in what the kernel makes up: %s',
    async (place) => {
      const given = { LATCHKEY_DATA_DIR: place }
      expectTold(
        await run(['serve'], given),
        /lies in \/(proc|sys|dev\/fd), .*Let LATCHKEY_DATA_DIR name a directory/,
      )
      const found = await run(['doctor'], given)
      expect(found).toMatchObject({ status: 1, stderr: '' })
      expect(found.stdout).toMatch(
        /^problem +data directory .*nothing can be kept there\. Let LATCHKEY_DATA_DIR/m,
      )
    },
  )

  it('that is a link to a disk that is not mounted', async () => {
    const given = { LATCHKEY_DATA_DIR: join(directory, 'dangling') }
    expectTold(await run(['serve'], given), /symbolic link to a place that is not there: mount or make that/)
    expect((await run(['doctor'], given)).stdout).toMatch(/^problem +data directory .*Mount or make that/m)
    expect(existsSync(join(directory, 'unmounted'))).toBe(false)
  })

  it.each([
    ['below directories that are not there', 'a/b/c', 0],
    ['with a name longer than a file system takes', `x/${'y.'.repeat(150)}`, 1],
    ['with a path longer than the system takes', 'z/'.repeat(3_000), 1],
  ])('%s', async (_what, place, status) => {
    const answer = await run(['bootstrap'], { LATCHKEY_DATA_DIR: join(directory, place) })
    if (status === 1) expectTold(answer, /^latchkey: The path of the data directory is too long/)
    else expect(answer).toMatchObject({ status, stderr: '' })
    expect(answer.stderr.length).toBeLessThan(1_000)
  })
})

describe('a file that a setting names', () => {
  it.each([
    ['LATCHKEY_SECRET_FILE', 'folder', /folder cannot be read \(it is a directory, not a file\)/],
    ['LATCHKEY_SECRET_FILE', '/dev/zero', /\/dev\/zero cannot be read \(it holds more than/],
    ['LATCHKEY_SECRET_FILE', '/dev/null', /\/dev\/null must hold at least 32 characters/],
    ['LATCHKEY_ISSUERS_FILE', 'folder', /folder cannot be read as JSON \(it is a directory/],
    ['LATCHKEY_ISSUERS_FILE', '/dev/zero', /\/dev\/zero cannot be read as JSON \(it holds more/],
  ])('%s=%s', async (name, place, sentence) => {
    expectTold(await run(['serve'], { [name]: place }), sentence)
  })

  it.each(['sslrootcert', 'sslcert'])('%s in DATABASE_URL', async (name) => {
    const both = name === 'sslcert' ? '&sslkey=folder' : ''
    const given = {
      DATABASE_URL: `postgres://a@127.0.0.1:1/d?sslmode=verify-ca&${name}=folder${both}`,
      LATCHKEY_SECRET: SECRET,
    }
    expectTold(
      await run(['serve'], given),
      /The file folder that DATABASE_URL names cannot be read \(it is a directory/,
    )
  })
})

describe('a file that a command is to write or read', () => {
  it.each([
    [
      ['backup', 'missing/copy.db'],
      /There is no directory .*missing to put the backup into: make it \(mkdir -p\)/,
    ],
    [['backup', 'text/copy.db'], /text is not a directory/],
    [['backup', 'folder'], /folder exists already: choose another name/],
    [['backup', 'circle/copy.db'], /No backup can be put into .*circle \(ELOOP\): name another place/],
    [['backup', `${'n'.repeat(300)}/copy.db`], /No backup can be put into .*nn… \(ENAMETOOLONG\): name/],
    [['backup', `./${'n'.repeat(300)}`], /No backup can be put into .* \(ENAMETOOLONG\): name another place/],
    [['restore', 'circle'], /There is no backup at .*circle/],
    [['restore', 'missing.db'], /There is no backup at .*missing\.db/],
    [['restore', 'folder'], /folder is no file: name one that latchkey backup made/],
    [['restore', 'pipe'], /pipe is no file/],
    [['restore', '/dev/zero'], /zero is no file/],
    [['restore', 'text'], /text is not a store of Latchkey/],
    [['audit', 'verify', '--checkpoint', 'folder'], /folder cannot be compared with: it is a directory/],
    [
      ['audit', 'prune', '--before', '2020-01-01', '--export', 'missing/events'],
      /There is no directory .*missing to put the events into: make it/,
    ],
    [
      ['audit', 'prune', '--before', '2020-01-01', '--export', 'circle/events'],
      /There is no directory .*circle to put the events into/,
    ],
  ])('%j', async (args, sentence) => {
    const before = readdirSync(directory)
    expectTold(await run(args), sentence)
    expect(readdirSync(directory)).toEqual(before)
  })
})

describe('what may be a secret, or is nothing, where a file or an id belongs', () => {
  const places = [
    ['backup'],
    ['restore'],
    ['keys', 'delete'],
    ['keys', 'rotate'],
    ['users', 'set-password'],
    ['keys', 'create', '--user'],
    ['keys', 'create', '--ip'],
    ['audit', 'export', '--company'],
    ['audit', 'verify', '--checkpoint'],
    ['audit', 'prune', '--before', '2020-01-01', '--export'],
  ]

  it.each(places.map((place) => [place.join(' '), place] as const))('%s', async (_name, place) => {
    const before = readdirSync(directory)
    const answer = await run([...place, ''])
    expect(answer).toMatchObject({ status: 2, stdout: '' })
    expect(answer.stderr).toMatch(/It is empty: is the variable set\?/)
    // Half of them know the form of a key, which the scrubber knows too; of a server secret it knows nothing.
    const { status, stdout, stderr } = await run([...place, SECRET])
    expect(status).toBeGreaterThan(0)
    expect(stdout + stderr).not.toContain(SECRET)
    expect(readdirSync(directory)).toEqual(before)
  })

  it('but a file may have a long name that says it is one', async () => {
    expect(await run(['backup', `./${SECRET}`])).toMatchObject({ status: 0, stderr: '' })
  })
})

describe.skipIf(!existsSync('/dev/full'))('a secret that cannot be printed', () => {
  const intoFull = (args: readonly string[], given: Readonly<Record<string, string>> = {}) =>
    spawnSync('sh', ['-c', 'exec "$@" > /dev/full', 'sh', process.execPath, COMMAND, ...args], {
      cwd: directory,
      env: { PATH: process.env.PATH ?? '', LATCHKEY_DATA_DIR: join(directory, 'data'), ...given },
      encoding: 'utf8',
    })

  it('is said to be lost, with the next step', async () => {
    const [user = ''] = /usr_\w+/.exec((await run(['keys', 'create'])).stderr) ?? []
    const made = intoFull(['keys', 'create', '--user', user])
    expect(made).toMatchObject({ status: 1 })
    expect(made.stderr).toMatch(
      /^latchkey: Standard output could not be written .*: latchkey keys delete key_\w+ --yes\n$/,
    )
    const [id = ''] = /key_\w+/.exec(made.stderr) ?? []
    const rotated = intoFull(['keys', 'rotate', id])
    expect(rotated).toMatchObject({ status: 1 })
    expect(rotated.stderr).toMatch(
      /^latchkey: .* nobody has its text: rotate it again with --overlap 0, .*\n$/,
    )
    expect((await run(['keys', 'delete', id, '--yes'])).status).toBe(0)
  })

  it('is none of a store that was not made', async () => {
    const given = { LATCHKEY_DATA_DIR: join(directory, 'unprinted') }
    const first = intoFull(['bootstrap', '--json'], given)
    expect({ status: first.status, stderr: first.stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(
        /^latchkey: Standard output could not be written .* No key was made\.\n$/,
      ),
    })
    expect(await run(['bootstrap', '--json'], given)).toMatchObject({ status: 0, stderr: '' })
  })
})

describe('a setting that is wrong ends every command alike', () => {
  it.each([['bootstrap'], ['doctor'], ['backup', 'b.db'], ['keys', 'create']])(
    'with 1: %s',
    async (...args) => {
      const { status, stdout, stderr } = await run(args, { LATCHKEY_WORKERS: 'many' })
      expect({ status, told: stdout + stderr }).toEqual({
        status: 1,
        told: expect.stringContaining('LATCHKEY_WORKERS must be'),
      })
    },
  )
})
