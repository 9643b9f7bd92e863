import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './calling.ts'
import { createHome, type Home } from './running.ts'

const PASSWORD = 'correct horse battery staple'

let home: Home
let url: string
let userId: string

beforeAll(async () => {
  home = createHome()
  url = (await home.serve()).url
  const body = { name: 'Ada', role: 'viewer', email: 'ada@example.com' }
  const created = await call(url, { path: '/users', key: home.adminKey(), body })
  userId = String(created.body.id)
})
afterAll(() => home.dispose())

/** Runs the command with what a pipe would give it. */
async function setPassword(idOrEmail: string, input: string | Buffer) {
  const running = home.start(['users', 'set-password', idOrEmail])
  running.child.stdin?.end(input)
  return running.ended
}

async function signIn(password: string): Promise<number> {
  const response = await fetch(`${url}/auth/token`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username: 'ada@example.com', password }),
  })
  return response.status
}

describe('latchkey users set-password', () => {
  it('sets a password by email address while the service runs', async () => {
    expect(await signIn(PASSWORD)).toBe(401)
    const { exitCode, stdout, stderr } = await setPassword('ada@example.com', `${PASSWORD}\n`)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toBe(`The password of Ada (${userId}) is set, and all its sessions are over.\n`)
    expect(await signIn(PASSWORD)).toBe(200)
  })

  it('by id, with whatever line end and nothing but the first line', async () => {
    expect((await setPassword(userId, `another ${PASSWORD}\r\nsecond line`)).exitCode).toBe(0)
    expect(await signIn(`another ${PASSWORD}`)).toBe(200)
    expect(await signIn(PASSWORD)).toBe(401)
  })

  it('ends the sessions of the user', async () => {
    await setPassword(userId, PASSWORD)
    const signedIn = await fetch(`${url}/auth/token`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username: 'ada@example.com', password: PASSWORD }),
    })
    const { token } = (await signedIn.json()) as { token: string }
    const me = async () =>
      (await fetch(`${url}/me`, { headers: { Authorization: `Bearer ${token}` } })).status
    expect(await me()).toBe(200)
    await setPassword(userId, PASSWORD)
    expect(await me()).toBe(401)
  })

  it('is in the audit log, as done on the host', async () => {
    const { body } = await call(url, { path: '/audit?limit=100', key: home.adminKey() })
    const [latest] = (body.data as { action: string }[]).filter(
      ({ action }) => action === 'user.password_set',
    )
    expect(latest).toMatchObject({ actor: { type: 'host' }, object: { type: 'user', id: userId } })
  })

  it.each([
    ['a password that is too short', 'ada@example.com', 'short', /at least 12 characters/],
    ['a password that is easily guessed', 'ada@example.com', 'Password2026!', /the first that attackers try/],
    ['the user’s own address', 'ada@example.com', 'ada@example.com', /little more than the name/],
    ['nothing on standard input', 'ada@example.com', '', /at least 12 characters/],
    ['a control character', 'ada@example.com', 'correct horse\0battery staple', /holds a control character/],
    [
      'what is not UTF-8',
      'ada@example.com',
      Buffer.from('correct horse \xff battery', 'latin1'),
      /is not in UTF-8/,
    ],
    ['a password that is too long', 'ada@example.com', 'a'.repeat(257), /at most 256 characters/],
    ['an unknown email address', 'bob@example.com', PASSWORD, /bob@example\.com/],
    ['an unknown id', 'usr_00000000000000000000000000', PASSWORD, /usr_0/],
  ])('refuses %s in one sentence, and changes nothing', async (_, who, input, words) => {
    const { exitCode, stdout, stderr } = await setPassword(who, input)
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toMatch(words)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(await signIn(PASSWORD)).toBe(200)
  })

  it('refuses a deactivated user', async () => {
    const key = home.adminKey()
    await call(url, { method: 'PATCH', path: `/users/${userId}`, key, body: { status: 'inactive' } })
    const { exitCode, stderr } = await setPassword(userId, PASSWORD)
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining('is deactivated') })
  })
})
