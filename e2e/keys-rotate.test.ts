/** `latchkey keys rotate`, beside a service that has the key in memory. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './calling.ts'
import { atTerminal, createHome, type Home } from './running.ts'

const SECRET = /^lk_live_[0-9A-Za-z]{49}$/

let home: Home
let url: string
let admin: string
let userId: string

beforeAll(async () => {
  home = createHome()
  const service = await home.serve({ settings: { LATCHKEY_LOG_LEVEL: 'error' } })
  url = service.url
  admin = home.adminKey()
  userId = String((await call(url, { path: '/me', key: admin })).body.userId)
})
afterAll(() => home.dispose())

const statusBy = async (key: string) => (await call(url, { path: '/me', key })).status
const lastEvent = async (id: string) =>
  ((await call(url, { path: `/audit?objectId=${id}&limit=1`, key: admin })).body.data as object[])[0]

/** A key that the service has in memory. */
async function makeKey(fields: object = {}): Promise<{ readonly id: string; readonly key: string }> {
  const { body } = await call(url, { path: '/keys', key: admin, body: { userId, ...fields } })
  const key = String(body.key)
  for (let times = 0; times < 3; times++) expect(await statusBy(key)).toBe(200)
  return { id: String(body.id), key }
}

describe('latchkey keys rotate', () => {
  it('prints the new secret alone, the words beside it; both work for a day, and it is in the audit', async () => {
    const { id, key } = await makeKey()
    const before = Date.now()
    const { exitCode, stdout, stderr } = await home.run(['keys', 'rotate', id])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining('store it now') })
    const fresh = stdout.trimEnd()
    expect(stdout).toBe(`${fresh}\n`)
    expect(fresh).toMatch(SECRET)
    expect([await statusBy(key), await statusBy(fresh)]).toEqual([200, 200])
    const { body } = await call(url, { path: `/keys/${id}`, key: admin })
    const { previousEndsAt } = body.rotation as { previousEndsAt: string }
    expect(Date.parse(previousEndsAt) - before).toBeGreaterThanOrEqual(86_400_000)
    expect(stderr).toBe(
      `Key ${id} has a new secret, shown once: store it now. The old one ends on ${previousEndsAt}.\n`,
    )
    expect(await lastEvent(id)).toMatchObject({ action: 'key.rotated', actor: { type: 'host' } })
    // Nothing that was written down holds it.
    expect(JSON.stringify(await lastEvent(id))).not.toContain(fresh)
  })

  it('without an overlap the old secret is refused by the service before the new one is printed', async () => {
    const { id, key } = await makeKey()
    const rotation = home.start(['keys', 'rotate', id, '--overlap', '0', '--json'])
    await rotation.printed(/lk_live_/)
    const refused = await call(url, { path: '/me', key })
    expect(refused).toMatchObject({ status: 401, body: { code: 'key_inactive' } })
    const { exitCode, stdout, stderr } = await rotation.ended
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    const printed = JSON.parse(stdout) as { id: string; companyId: string; key: string }
    expect(Object.keys(printed)).toEqual(['id', 'companyId', 'key'])
    expect(printed.id).toBe(id)
    expect(await statusBy(printed.key)).toBe(200)
  })

  it('says the same on a terminal', async () => {
    const { id, key } = await makeKey()
    const { ended } = home.start(['keys', 'rotate', id, '--overlap', '0'], { wrap: atTerminal })
    const { exitCode, stdout } = await ended
    expect(exitCode).toBe(0)
    const [fresh = '', said] = stdout.split('\r\n')
    expect(fresh).toMatch(SECRET)
    expect(said).toBe(
      `Key ${id} has a new secret, shown once: store it now. The old one is dead on every server.`,
    )
    expect([await statusBy(key), await statusBy(fresh)]).toEqual([401, 200])
  })

  it('while a rotation is open is refused in the words of the command, and ends it with --overlap 0', async () => {
    const { id, key } = await makeKey()
    const first = (await home.run(['keys', 'rotate', id, '--overlap', '600'])).stdout.trimEnd()
    const second = await home.run(['keys', 'rotate', id])
    expect(second).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringMatching(/^latchkey: A rotation of this key is open: [^\n]*--overlap 0[^\n]*\n$/),
    })
    expect([await statusBy(key), await statusBy(first)]).toEqual([200, 200])
    const third = (await home.run(['keys', 'rotate', id, '--overlap', '0'])).stdout.trimEnd()
    expect([await statusBy(key), await statusBy(first), await statusBy(third)]).toEqual([401, 401, 200])
  })

  it.each<readonly [string, { method: string; body?: object }]>([
    ['disabled', { method: 'PATCH', body: { enabled: false } }],
    ['deleted', { method: 'DELETE' }],
  ])('changes nothing of a key that is %s, and says what can be done', async (_state, request) => {
    const { id } = await makeKey()
    await call(url, { ...request, path: `/keys/${id}`, key: admin })
    const before = await lastEvent(id)
    expect(await home.run(['keys', 'rotate', id])).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^latchkey: The key is deleted, disabled or expired, [^\n]*enable it[^\n]*\n$/,
      ),
    })
    expect(await lastEvent(id)).toEqual(before)
  })

  it.each(['key_00000000000000000000000000', 'x'])('says that there is no such key: %s', async (id) => {
    expect(await home.run(['keys', 'rotate', id])).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringMatching(/^latchkey: No key has that id\. [^\n]+\n$/),
    })
  })

  it('does not repeat the text of a key that was given for its id', async () => {
    const { exitCode, stdout, stderr } = await home.run(['keys', 'rotate', admin])
    expect(exitCode).toBe(1)
    expect(stdout + stderr).not.toContain(admin)
  })

  it.each(['-1', '1e3', '2592001'])('takes no overlap of %j', async (overlap) => {
    const { id, key } = await makeKey()
    const { exitCode, stdout, stderr } = await home.run(['keys', 'rotate', id, `--overlap=${overlap}`])
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toContain('whole seconds, 0 to 2592000 (30 days)')
    expect(await statusBy(key)).toBe(200)
  })

  it('tells in its help what it does, what an overlap is, and what --overlap 0 promises', async () => {
    const { exitCode, stdout, stderr } = await home.run(['keys', 'rotate', '--help'])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    for (const said of [
      'keys rotate [options] <id>',
      'Audited',
      '--overlap <seconds>',
      '0 to 2592000',
      '--json',
      'no server accepts the old secret',
    ]) {
      expect(stdout.replace(/\s+/g, ' ')).toContain(said)
    }
  })

  it('makes no store where there is none', async () => {
    const elsewhere = createHome()
    try {
      const { exitCode, stdout, stderr } = await elsewhere.run([
        'keys',
        'rotate',
        'key_00000000000000000000000000',
      ])
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
      expect(stderr).toMatch(/^latchkey: [^\n]+\n$/)
    } finally {
      await elsewhere.dispose()
    }
  })
})
