/**
 * A secret is pasted where another thing belongs: as an argument, as a setting, into the database URL. No message
 * repeats it, for messages are kept by terminals, supervisors and collectors of logs.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { describeSettings } from '../src/settings-help.ts'
import { useCommands } from './commands.ts'

const KEY = `lk_live_${'Ab3'.repeat(16)}x`
const PASSWORD = 'Tr0ub4dor-and-3'
const SECRET = '0123456789abcdef'.repeat(4)
const SECRETS = [KEY, PASSWORD, SECRET]

const commands = useCommands()

async function run(args: readonly string[], given?: Readonly<Record<string, string>>) {
  const { status, stdout, stderr } = await commands.run(args, given)
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
  ])('%s', async (_place, args) => {
    const { status, told } = await run(args)
    expect(told).not.toContain(text)
    expect({ status, told }).toEqual({ status: 2, told: expect.stringContaining('--help') })
  })
})

it('what is short enough for no secret is repeated, so that a slip can be seen', async () => {
  expect((await run(['srve'])).told).toContain("'srve'")
  expect((await run(['serve', '--listen-port', '80'])).told).toContain("'--listen-port'")
  expect((await run(['doctor', '--port=80'])).told).toContain("'--port=…'")
})

/** Its text is the secret, or anything at all may be in it. */
const TAKES_ANY = new Set(['LATCHKEY_SECRET', 'HTTPS_PROXY', 'NO_PROXY', 'HOST'])
const checked = [...describeSettings().matchAll(/^ {2}([A-Z][A-Z_]+)/gm)]
  .map(([, name = '']) => name)
  .filter((name) => !TAKES_ANY.has(name))

describe('a secret in a setting is not repeated', () => {
  it.each(checked)('%s', async (name) => {
    for (const text of [KEY, SECRET]) {
      const { status, told } = await run(['doctor'], { [name]: text })
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
  ])('%j', async (given, told) => {
    const answer = await run(['serve'], given)
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
  ])('%s', async (_fault, url) => {
    const { status, told } = await run(['serve'], { DATABASE_URL: url, LATCHKEY_SECRET: SECRET })
    expect(status).toBe(1)
    expect(told).toContain('DATABASE_URL')
    for (const secret of [...SECRETS, PASSWORD.replaceAll('-', '_')]) expect(told).not.toContain(secret)
  })
})

describe('nor by a process of its own:', () => {
  it.each([
    ['an argument', ['keys', KEY], {}, 2],
    ['a setting', ['doctor'], { LATCHKEY_SECRT: SECRET }, 1],
    ['a URL', ['serve'], { DATABASE_URL: `mysql://a:${PASSWORD}@h/d`, LATCHKEY_SECRET: SECRET }, 1],
  ])('%s', (_what, args, given, exitCode) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(import.meta.dirname, '../bin/latchkey.js'), ...args],
      { cwd: commands.directory, env: { PATH: process.env.PATH ?? '', ...given }, encoding: 'utf8' },
    )
    expect(status).toBe(exitCode)
    for (const secret of SECRETS) expect(stdout + stderr).not.toContain(secret)
  })
})
