/** Invitations, and the passwords that are set with them. */
import { beforeEach, describe, expect, test } from 'vitest'
import { expectProblem } from '../answer-checks.ts'
import { createFakeClock, HOUR_MS } from '../fake-clock.ts'
import { createTestCompany, expectCreated, type Parsed, useTestServer } from '../harness.ts'

const clock = createFakeClock()
const PASSWORD = 'correct horse battery staple'

const server = useTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: '100000' }, { clock })
let user: Parsed
let count = 0

beforeEach(async () => {
  const email = `user-${++count}@example.com`
  user = await expectCreated(server, { path: '/users', body: { name: 'Ada', role: 'viewer', email } })
})

const invite = async (id: string = user.id): Promise<Parsed> =>
  expectCreated(server, { path: `/users/${id}/invitation` })
const setPassword = (token: unknown, password: unknown = PASSWORD) =>
  server.call({ method: 'POST', path: '/auth/password', key: null, body: { token, password } })
const signIn = (password = PASSWORD, username: string = user.email) =>
  server.call({ method: 'POST', path: '/auth/token', key: null, body: { username, password } })
const patchUser = (body: object) => server.call({ method: 'PATCH', path: `/users/${user.id}`, body })

describe('an invitation', () => {
  test('sets the password, once', async () => {
    const { token } = await invite()
    expect((await setPassword(token)).body).toEqual({ status: 200, message: expect.any(String) })
    expect((await signIn()).status).toBe(200)
    expectProblem(await setPassword(token, 'another password of mine'), 'invalid_credentials')
    expect((await signIn()).status).toBe(200)
  })

  test('lasts 24 hours, and not longer', async () => {
    const { token, expiresAt } = await invite()
    expect(Date.parse(expiresAt)).toBe(clock.nowMs() + 24 * HOUR_MS)
    clock.move(24 * HOUR_MS)
    expectProblem(await setPassword(token), 'invalid_credentials')
    clock.move(-1)
    expect((await setPassword(token)).status).toBe(200)
  })

  test('stops when a new one is made', async () => {
    const [first, second] = [await invite(), await invite()]
    expect(second.token).not.toBe(first.token)
    expectProblem(await setPassword(first.token), 'invalid_credentials')
    expect((await setPassword(second.token)).status).toBe(200)
  })

  test('used many times at once works once', async () => {
    const { token } = await invite()
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => setPassword(token, `${PASSWORD} ${index}`)),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(401)])
    const winner = answers.findIndex(({ status }) => status === 200)
    expect((await signIn(`${PASSWORD} ${winner}`)).status).toBe(200)
  })

  test('is for its own user only', async () => {
    const { token } = await invite()
    const other = `other-${user.email}`
    await expectCreated(server, { path: '/users', body: { name: 'Bob', role: 'viewer', email: other } })
    await setPassword(token)
    expect((await signIn(PASSWORD, other)).status).toBe(401)
  })

  test('of a user who was deactivated does not work, nor when it is active again', async () => {
    const { token } = await invite()
    await patchUser({ status: 'inactive' })
    expectProblem(await setPassword(token), 'invalid_credentials')
    await patchUser({ status: 'active' })
    expectProblem(await setPassword(token), 'invalid_credentials')
    expect((await setPassword((await invite()).token)).status).toBe(200)
  })

  test('is for users with an email address, which is the name to sign in with', async () => {
    await patchUser({ email: null })
    const answer = await server.call({ method: 'POST', path: `/users/${user.id}/invitation` })
    expectProblem(answer, 'invalid_field')
  })

  test('is not made for another company’s user, nor for one that does not exist', async () => {
    const tenant = await createTestCompany(server)
    const { key } = tenant.users.owner
    for (const id of [user.id, `${user.id.slice(0, -3)}zzz`, server.admin.companyId, 'nobody']) {
      const answer = await server.call({ method: 'POST', path: `/users/${id}/invitation`, key })
      expectProblem(answer, 'user_not_found')
    }
  })

  test('unknown, used and over are one answer', async () => {
    const used = await invite()
    await setPassword(used.token)
    const over = await invite()
    clock.move(24 * HOUR_MS)
    const changed = `${over.token.slice(0, -1)}${over.token.endsWith('A') ? 'B' : 'A'}`
    const details = []
    for (const token of [used.token, over.token, changed, 'inv_', "' OR ''='", server.adminKey]) {
      details.push(expectProblem(await setPassword(token), 'invalid_credentials').detail)
    }
    expect(new Set(details).size).toBe(1)
  })
})

describe('a password', () => {
  const decomposed = 'e\u0301'
  const composed = '\u00e9'

  test.each<readonly [string, string]>([
    ['12 characters', 'x9$Lq!27zzPa'],
    ['256 characters', `x9$Lq!27zzPa${'words and '.repeat(25)}`.slice(0, 256)],
    ['spaces at both ends', '  spaces  count  '],
    ['256 characters of four bytes', `${'😀😁😂🤣😃😄😅😆'.repeat(31)}😀😁😂🤣😃😄😅🙈`],
    ['control characters', 'tab\tand\nline break'],
  ])('of %s is taken as it is', async (_, password) => {
    expect((await setPassword((await invite()).token, password)).status).toBe(200)
    expect((await signIn(password)).status).toBe(200)
    expect((await signIn(`${password.slice(0, -2)}x`)).status).toBe(401)
  })

  test.each<readonly [string, unknown]>([
    ['11 characters', 'a'.repeat(11)],
    ['11 characters of four bytes', '😀'.repeat(11)],
    ['257 characters', 'a'.repeat(257)],
    ['nothing', ''],
    ['a number', 123_456_789_012],
  ])('of %s is refused, and the invitation not used up', async (_, password) => {
    const { token } = await invite()
    expectProblem(await setPassword(token, password), { code: 'invalid_field', pointer: '/password' })
    expect((await setPassword(token)).status).toBe(200)
  })

  test('is the same however its accents are typed', async () => {
    await setPassword((await invite()).token, `caf${decomposed} au lait, deux`)
    expect((await signIn(`caf${composed} au lait, deux`)).status).toBe(200)
    expect((await signIn(`caf${decomposed} au lait, deux`)).status).toBe(200)
    expect((await signIn('cafe au lait, deux')).status).toBe(401)
  })

  test('is not the same in other letters that only look alike, or in another case', async () => {
    await setPassword((await invite()).token, 'Ｆｕｌｌ width, and fi')
    for (const other of ['Full width, and fi', 'ｆｕｌｌ width, and fi', 'Ｆｕｌｌ width, and ﬁ']) {
      expect((await signIn(other)).status).toBe(401)
    }
    expect((await signIn('Ｆｕｌｌ width, and fi')).status).toBe(200)
  })

  test('that is set ends every session of its user', async () => {
    await setPassword((await invite()).token)
    const { token } = (await signIn()).body
    const me = () => server.call({ path: '/me', key: null, headers: { authorization: `Bearer ${token}` } })
    expect((await me()).status).toBe(200)
    await setPassword((await invite()).token, 'another password of mine')
    expectProblem(await me(), 'token_expired')
    expect((await signIn()).status).toBe(401)
    expect((await signIn('another password of mine')).status).toBe(200)
  })

  test('that is set when no session is open is a revocation, too: whoever ended them may still be waiting', async () => {
    const revision = () =>
      server.services.engine.read((db) =>
        db
          .selectFrom('head')
          .select('revision')
          .executeTakeFirstOrThrow()
          .then(({ revision }) => revision),
      )
    await setPassword((await invite()).token)
    const { token } = await invite()
    const before = await revision()
    await setPassword(token, 'another password of mine')
    expect(await revision()).toBe(before + 1)
  })

  test('is in no answer, no log line and no event', async () => {
    const { token } = await invite()
    const answers = [await setPassword(token), await signIn(), await signIn(`${PASSWORD}!`)]
    const { text: audit } = await server.call({ path: '/audit?limit=100' })
    for (const text of [...answers.map((answer) => answer.text), audit, server.logged.join('\n')]) {
      expect(text).not.toContain(PASSWORD)
      expect(text).not.toContain(token)
      expect(text).not.toContain('$argon2id$')
    }
  })
})
