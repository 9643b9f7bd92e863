import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { atTerminal, createHome, type Home } from './running.ts'

let home: Home
let settings: Readonly<Record<string, string>>
let userId: string

beforeAll(async () => {
  home = createHome()
  const { url } = await home.serve()
  settings = { LATCHKEY_URL: url, LATCHKEY_API_KEY: home.adminKey() }
  userId = await line('users', 'create', 'A customer', '--role', 'developer', '--external-id', 'c-7')
})

afterAll(() => home.dispose())

/** A command that asks the service, from a machine without a store. */
function run(args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  return home.run(args, { ...settings, LATCHKEY_DATA_DIR: `${home.directory}/nothing`, ...more })
}

/** What a command that succeeds prints. */
async function line(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(args)
  if (exitCode !== 0) throw new Error(`${args.join(' ')}: ${exitCode} ${stderr}`)
  return stdout.trim()
}

async function verify(key: string, ...args: string[]) {
  const running = home.start(['keys', 'verify', ...args], { settings })
  running.child.stdin?.end(`${key}\n`)
  const { exitCode, stdout } = await running.ended
  return { exitCode, stdout: stdout.trim() }
}

describe('a key, over the network', () => {
  test('is made, shown, listed, rotated, verified and deleted', async () => {
    const made = JSON.parse(await line('keys', 'create', '--user', userId, '--description', 'shop', '--json'))
    expect(made.key).toMatch(/^lk_live_/)
    const shown = JSON.parse(await line('keys', 'get', made.id, '--json'))
    expect([shown.description, shown.key]).toEqual(['shop', expect.stringContaining('...')])
    expect(await line('keys', 'list', '--user', userId)).toBe(made.id)
    expect(JSON.parse(await line('keys', 'list', '--limit', '1', '--json'))).toMatchObject({ id: made.id })
    const secret = await line('keys', 'rotate', made.id, '--overlap', '0')
    expect(await verify(made.key)).toEqual({
      exitCode: 1,
      stdout: `INACTIVE: key ${made.id} of user ${userId}`,
    })
    expect(await verify(secret)).toEqual({ exitCode: 0, stdout: `VALID: key ${made.id} of user ${userId}` })
    expect(await line('keys', 'delete', made.id, '--yes')).toContain('no server accepts it any more')
    expect(await line('keys', 'delete', made.id, '--yes')).toContain('is deleted already')
    expect(JSON.parse((await verify(secret, '--json')).stdout)).toMatchObject({ code: 'INACTIVE' })
    expect(await line('keys', 'list', '--user', userId)).toBe('')
  })

  test('is asked for at the terminal, and standard output has the verdict alone', async () => {
    const made = JSON.parse(await line('keys', 'create', '--user', userId, '--json'))
    const file = join(home.directory, 'verdict.json')
    const running = home.start(['keys', 'verify', '--json'], {
      settings,
      wrap: (command) => atTerminal(command, file),
    })
    await running.printed(/The key/)
    running.child.stdin?.write(`${made.key}\r`)
    const { exitCode, stdout } = await running.ended
    expect([exitCode, stdout.includes(made.key)]).toEqual([0, false])
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ code: 'VALID', keyId: made.id })
    await line('keys', 'delete', made.id, '--yes')
  })

  test('is not deleted where nobody can be asked', async () => {
    const { id } = JSON.parse(await line('keys', 'create', '--user', userId, '--json'))
    const { exitCode, stderr } = await run(['keys', 'delete', id])
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('nothing was deleted')])
    expect(await line('keys', 'list', '--user', userId)).toBe(id)
  })
})

test('a user is found by the id of the application, and shown', async () => {
  expect(await line('users', 'list', '--external-id', 'c-7')).toBe(userId)
  expect(JSON.parse(await line('users', 'get', userId, '--json'))).toMatchObject({
    id: userId,
    role: 'developer',
  })
})

describe('usage', () => {
  const today = () => new Date().toISOString().slice(0, 10)
  let id: string

  beforeAll(async () => {
    const made = JSON.parse(await line('keys', 'create', '--user', userId, '--ip', '192.0.2.0/24', '--json'))
    id = made.id
    await verify(made.key, '--ip', '192.0.2.1')
    await verify(made.key, '--ip', '192.0.2.1')
    await verify(made.key, '--ip', '198.51.100.1')
  })

  const counts = { VALID: 2, IP_NOT_ALLOWED: 1 }

  test('of a key, and of a company by key and by code', async () => {
    const sum = { total: 3, counts }
    expect(JSON.parse(await line('usage', id, '--json'))).toEqual({ ...sum, id: today() })
    const byKey = (await line('usage', '--by', 'key', '--json')).split('\n').map((text) => JSON.parse(text))
    expect(byKey.find((each) => each.id === id)).toEqual({ ...sum, id })
    const byCode = (await line('usage', '--by', 'code', '--limit', '1', '--json')).split('\n')
    expect(byCode.map((text) => JSON.parse(text).id)).toEqual(['VALID'])
  })

  test('is a table for people', async () => {
    expect(await line('usage', id)).toMatch(
      /^DAY +ALL +VALID +REFUSED\n\d{4}-\d\d-\d\d +3 +2 +IP_NOT_ALLOWED 1$/,
    )
  })

  test('is on the machine itself what the store has', async () => {
    const here = async (...args: string[]) => (await home.run(['usage', ...args, '--json'])).stdout.trim()
    // What was read over the network was written before.
    expect(JSON.parse(await here(id))).toEqual({ id: today(), total: 3, counts })
    for (const by of ['key', 'user', 'code', 'day']) {
      const [remote, local] = [await line('usage', '--by', by, '--json'), await here('--by', by)]
      const idsOf = (text: string) => text.split('\n').map((each) => JSON.parse(each).id)
      expect(idsOf(local)).toEqual(idsOf(remote))
    }
  })
})

describe('what cannot be done is told in one sentence', () => {
  test.each<[string, string[], Record<string, string>, number, RegExp]>([
    ['no address', ['keys', 'list'], { LATCHKEY_URL: '' }, 1, /^latchkey: No url: .*LATCHKEY_URL\.\n$/],
    ['no key', ['keys', 'list'], { LATCHKEY_API_KEY: '' }, 1, /^latchkey: No key: .*LATCHKEY_API_KEY\.\n$/],
    [
      'a wrong key',
      ['keys', 'list'],
      { LATCHKEY_API_KEY: 'lk_live_x' },
      1,
      /^latchkey: GET \/keys: .*Check the key.*\n$/,
    ],
    [
      'nobody there',
      ['keys', 'list', '--url', 'http://127.0.0.1:9'],
      {},
      1,
      /^latchkey: No answer from .*\n$/,
    ],
    ['an unknown key', ['keys', 'get', 'key_0'], {}, 1, /^latchkey: GET \/keys\/\{keyId\}: .*\n$/],
    ['nobody to make it for', ['keys', 'create'], {}, 2, /^Say whose key with --user <id>/],
    ['a key in the command line', ['keys', 'verify', 'lk_live_pasted'], {}, 2, /pipe it in/],
    ['usage of a text', ['usage', 'lk_live_pasted'], {}, 2, /must be the id of a key/],
    ['usage of nobody', ['usage', 'cmp_0'], {}, 2, /must be the id of a key/],
    ['usage of no day', ['usage', '--from', '2026-02-30'], {}, 2, /must be a date/],
    ['usage by nothing', ['usage', '--by', 'week'], {}, 2, /Allowed choices are day, key, code, user/],
    ['a count that is none', ['keys', 'list', '--limit', '0'], {}, 2, /whole number from 1 on/],
  ])('%s', async (_name, args, more, code, said) => {
    const { exitCode, stdout, stderr } = await run(args, more)
    expect(stderr).toMatch(said)
    expect(stderr).not.toMatch(/\n {4}at |lk_live_pasted/)
    expect([exitCode, stdout]).toEqual([code, ''])
  })
})
