/**
 * A secret is pasted where another thing belongs: as an argument, as a setting, into the database URL. No message
 * repeats it, for messages are kept by terminals, supervisors and collectors of logs.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const COMMAND = join(import.meta.dirname, '../bin/latchkey.js')
const KEY = `lk_live_${'Ab3'.repeat(16)}x`
const PASSWORD = 'Tr0ub4dor-and-3'
const SECRET = '0123456789abcdef'.repeat(4)
const SECRETS = [KEY, PASSWORD, SECRET]

const directory = mkdtempSync(join(tmpdir(), 'latchkey-pasted-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function run(args: readonly string[], given: Readonly<Record<string, string>> = {}) {
  const env = {
    PATH: process.env.PATH ?? '',
    LATCHKEY_DATA_DIR: join(directory, 'data'),
    PORT: '0',
    ...given,
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], {
    cwd: directory,
    env,
    encoding: 'utf8',
    input: '',
  })
  return { status, told: stdout + stderr }
}

describe.each([
  ['a key', KEY],
  ['a password', PASSWORD],
  ['a server secret', SECRET],
])('%s on the command line is not repeated', (_name, text) => {
  it.each([
    ['as a command', [text]],
    ['as a command of keys', ['keys', text]],
    ['as an option', [`--${text}`]],
    ['as a value of an unknown option', ['keys', 'create', '--key', text]],
    ['joined to an unknown option', ['users', 'set-password', `--password=${text}`]],
    ['as one argument too many', ['doctor', text]],
    ['within one too many', ['doctor', `DATABASE_URL=postgres://a:${text}@h/d`]],
    ['as a date', ['audit', 'prune', '--before', text]],
  ])('%s', (_place, args) => {
    const { status, told } = run(args)
    expect(told).not.toContain(text)
    expect({ status, told }).toEqual({ status: 2, told: expect.stringContaining('--help') })
  })
})

it('what is short enough for no secret is repeated, so that a slip can be seen', () => {
  expect(run(['srve']).told).toContain("'srve'")
  expect(run(['serve', '--listen-port', '80']).told).toContain("'--listen-port'")
  expect(run(['doctor', '--port=80']).told).toContain("'--port=…'")
})

/** Its text is the secret, or anything at all may be in it. */
const TAKES_ANY = new Set(['LATCHKEY_SECRET', 'HTTPS_PROXY', 'NO_PROXY', 'HOST'])
const checked = [...run(['serve', '--help']).told.matchAll(/^ {2}([A-Z][A-Z_]+)/gm)]
  .map(([, name = '']) => name)
  .filter((name) => !TAKES_ANY.has(name))

describe('a secret in a setting is not repeated', () => {
  it.each(checked)('%s', (name) => {
    for (const text of [KEY, SECRET]) {
      const { status, told } = run(['doctor'], { [name]: text })
      expect({ status, told }).toEqual({ status: 1, told: expect.stringContaining(name) })
      for (const secret of SECRETS) expect(told).not.toContain(secret)
    }
  })

  it.each([
    [{ LATCHKEY_SECRT: SECRET }, 'LATCHKEY_SECRET'],
    [{ LATCHKEY_ADMIN_PASSWORD: PASSWORD }, 'LATCHKEY_ADMIN_PASSWORD'],
    [{ [`LATCHKEY_${KEY}`]: '1' }, 'Unknown setting'],
    [{ HOST: PASSWORD }, 'HOST is not an address'],
    [{ LATCHKEY_TRUSTED_PROXIES: `10.0.0.1,${PASSWORD}` }, 'LATCHKEY_TRUSTED_PROXIES'],
  ])('%j', (given, told) => {
    const answer = run(['serve'], given)
    expect(answer).toEqual({ status: 1, told: expect.stringContaining(told) })
    for (const secret of SECRETS) expect(answer.told).not.toContain(secret)
  })
})

describe('the password of a database URL is not repeated', () => {
  it.each([
    ['nobody listens', `postgres://a:${PASSWORD}@127.0.0.1:1/d`],
    ['the host does not exist', `postgres://a:${PASSWORD}@nowhere.invalid/d`],
    ['an @ in it', `postgres://a:b@${PASSWORD}@127.0.0.1:1/d`],
    ['a / in it', `postgres://a:12/${PASSWORD}@127.0.0.1:1/d`],
    ['a # in it', `postgres://a:12#${PASSWORD}@127.0.0.1:1/d`],
    ['a % in it', `postgres://a:%${PASSWORD}%zz@127.0.0.1:1/d`],
    ['in place of the user', `postgres://${PASSWORD}@127.0.0.1:x/d`],
    ['as a parameter', `postgres://a:b@127.0.0.1:1/d?${PASSWORD.replaceAll('-', '_')}=1`],
    ['under a wrong scheme', `mysql://a:${PASSWORD}@127.0.0.1/d`],
  ])('%s', (_fault, url) => {
    const { status, told } = run(['serve'], { DATABASE_URL: url, LATCHKEY_SECRET: SECRET })
    expect(status).toBe(1)
    expect(told).toContain('DATABASE_URL')
    for (const secret of [...SECRETS, PASSWORD.replaceAll('-', '_')]) expect(told).not.toContain(secret)
  })
})
