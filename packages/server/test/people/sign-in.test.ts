/** Signing in, guessing at it, and the session that comes of it. */
import { beforeEach, describe, expect, test } from 'vitest'
import { comparable, expectProblem } from '../answer-checks.ts'
import { createFakeClock, HOUR_MS } from '../fake-clock.ts'
import { createTestCompany, expectCreated, type Parsed, startTestServer, useTestServer } from '../harness.ts'
import { bearer, givePassword, PASSWORD } from '../tokens/issued-token.ts'

const MINUTE_MS = 60_000
const clock = createFakeClock()

let user: Parsed
let email: string
let count = 0

const server = useTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: '100000' }, { clock })

const newUser = (fields: object = {}): Promise<Parsed> =>
  expectCreated(server, { path: '/users', body: { name: 'Ada', role: 'developer', ...fields } })

beforeEach(async () => {
  user = await newUser()
  email = await givePassword(server, user.id)
})

const signIn = (username: string, password = PASSWORD, at = server) =>
  at.call({ method: 'POST', path: '/auth/token', key: null, body: { username, password } })
const withSession = (method: 'GET' | 'PUT' | 'DELETE', token: string, path = '/auth/token') =>
  server.call({ method, path, key: null, headers: bearer(token) })
const me = (token: string) => withSession('GET', token, '/me')
const patchUser = (id: string, body: object) => server.call({ method: 'PATCH', path: `/users/${id}`, body })
const nobody = () => `nobody-${++count}@example.com`

describe('signing in', () => {
  test('starts a session of its user, and an event tells of it', async () => {
    const { status, body } = await signIn(email)
    expect({ status, names: Object.keys(body) }).toEqual({ status: 200, names: ['token'] })
    const answer = await me(body.token)
    expect(answer.body).toMatchObject({
      credential: { type: 'session', isToken: false },
      userId: user.id,
      role: 'developer',
    })
    const { body: audit } = await server.call({ path: '/audit?limit=1' })
    expect(audit.data[0]).toMatchObject({
      action: 'session.started',
      actor: { type: 'user', id: user.id },
      object: { type: 'session', id: answer.body.credential.id },
    })
  })

  test('takes the address in any letter case, and the password as it is', async () => {
    expect((await signIn(email.toUpperCase())).status).toBe(200)
    expectProblem(await signIn(email, PASSWORD.toUpperCase()), 'invalid_credentials')
    expectProblem(await signIn(email, `${PASSWORD} `), 'invalid_credentials')
  })

  test('answers the same, byte for byte, whatever is wrong', async () => {
    const inactive = await newUser()
    const inactiveEmail = await givePassword(server, inactive.id)
    await patchUser(inactive.id, { status: 'inactive' })
    const without = await newUser({ email: nobody() })
    const answers = [
      await signIn(email, 'not the password'),
      await signIn(nobody()),
      await signIn(without.email),
      await signIn(inactiveEmail),
      await signIn(inactiveEmail, 'not the password'),
      await signIn("' OR ''='"),
      await signIn(user.id),
      await signIn('n'.repeat(254)),
    ]
    for (const answer of answers) {
      const { detail } = expectProblem(answer, 'invalid_credentials')
      expect(detail).toBe('The email address or the password is wrong.')
      expect(comparable(answer)).toEqual(comparable(answers[0]!))
    }
  })

  test('tells that the company is deactivated only to who knows the password', async () => {
    const tenant = await createTestCompany(server)
    const name = await givePassword(server, tenant.users.owner.id, { 'x-company-id': tenant.id })
    await server.call({ method: 'PATCH', path: `/companies/${tenant.id}`, body: { status: 'inactive' } })
    expectProblem(await signIn(name), 'company_inactive')
    expectProblem(await signIn(name, 'not the password'), 'invalid_credentials')
  })

  test('is counted by where it comes from, too', async () => {
    const strict = await startTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: '3' }, { clock })
    const answers = []
    for (let index = 0; index < 4; index += 1) answers.push(await signIn(nobody(), 'wrong', strict))
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 429])
    expect(answers[3]?.headers['retry-after']).toBe('60')
    await strict.dispose()
  })
})

describe('guessing at one name', () => {
  const guess = (name: string) => signIn(name, 'not the password')
  async function fail(name: string, times: number): Promise<void> {
    for (let index = 0; index < times; index += 1) expect((await guess(name)).status).toBe(401)
  }

  test.each(['a user', 'nobody'])(
    'costs nothing five times, then twice as long each time (%s)',
    async (whose) => {
      const name = whose === 'a user' ? email : nobody()
      await fail(name, 5)
      const waits: number[] = []
      for (let round = 0; round < 11; round += 1) {
        await fail(name, 1)
        const refused = await guess(name)
        expectProblem(refused, 'rate_limited')
        const seconds = Number(refused.headers['retry-after'])
        waits.push(seconds)
        clock.move(seconds * 1_000 - 1)
        expect((await guess(name)).status).toBe(429)
        clock.move(1)
      }
      expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
    },
  )

  test('the right password has to wait as well, and then opens', async () => {
    await fail(email, 6)
    expectProblem(await signIn(email), 'rate_limited')
    clock.move(1_000)
    expect((await signIn(email)).status).toBe(200)
  })

  test('a right password begins the count anew', async () => {
    await fail(email, 5)
    expect((await signIn(email)).status).toBe(200)
    await fail(email, 5)
    expect((await signIn(email)).status).toBe(200)
  })

  test('an hour of rest begins it anew, less does not', async () => {
    await fail(email, 6)
    clock.move(HOUR_MS - 1)
    await fail(email, 1)
    expectProblem(await guess(email), 'rate_limited')
    clock.move(HOUR_MS)
    await fail(email, 5)
    expect((await signIn(email)).status).toBe(200)
  })

  test('in other letter cases is guessing at the same name', async () => {
    await fail(email, 3)
    await fail(email.toUpperCase(), 3)
    expectProblem(await guess(email), 'rate_limited')
  })

  test('does not keep others out', async () => {
    const other = await newUser()
    const otherEmail = await givePassword(server, other.id)
    await fail(email, 6)
    expect((await signIn(otherEmail)).status).toBe(200)
  })

  test('many times at once is no way around', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => guess(email)))
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses).toEqual([...Array(6).fill(401), ...Array(14).fill(429)])
  })

  test('is told apart by nothing: a locked name nobody has answers as a user’s does', async () => {
    const name = nobody()
    await fail(email, 6)
    await fail(name, 6)
    expect(comparable(await guess(name))).toEqual(comparable(await guess(email)))
  })
})

describe('a session', () => {
  let token: string
  beforeEach(async () => {
    token = (await signIn(email)).body.token
  })

  test('lasts 15 minutes unless it is renewed', async () => {
    clock.move(15 * MINUTE_MS - 1_000)
    expect((await me(token)).status).toBe(200)
    clock.move(1_000)
    expectProblem(await me(token), 'token_expired')
    expectProblem(await withSession('PUT', token), 'token_expired')
  })

  test('is renewed by PUT for 15 minutes more; it stays the same session', async () => {
    const { id } = (await me(token)).body.credential
    clock.move(14 * MINUTE_MS)
    const renewed = await withSession('PUT', token)
    expect({ status: renewed.status, names: Object.keys(renewed.body) }).toEqual({
      status: 200,
      names: ['token'],
    })
    clock.move(14 * MINUTE_MS)
    expectProblem(await me(token), 'token_expired')
    expect((await me(renewed.body.token)).body.credential.id).toBe(id)
  })

  test('asks for the password again after 12 hours, however often it is renewed', async () => {
    const startedAtMs = clock.nowMs()
    for (let renewals = 0; renewals < 51; renewals += 1) {
      clock.move(14 * MINUTE_MS)
      const renewed = await withSession('PUT', token)
      expect(renewed.status).toBe(200)
      token = renewed.body.token
    }
    clock.move(12 * HOUR_MS - (clock.nowMs() - startedAtMs) - 1_000)
    expect((await me(token)).status).toBe(200)
    expect((await withSession('PUT', token)).status).toBe(200)
    clock.move(1_000)
    expectProblem(await me(token), 'token_expired')
  })

  test('is ended by DELETE, with every token of it, and an event tells of it', async () => {
    const { id } = (await me(token)).body.credential
    const renewed = (await withSession('PUT', token)).body.token
    const ended = await withSession('DELETE', token)
    expect(ended).toMatchObject({ status: 200, body: { status: 200, message: 'The session has ended.' } })
    for (const each of [token, renewed]) {
      expectProblem(await me(each), 'token_expired')
      expectProblem(await withSession('PUT', each), 'token_expired')
      expectProblem(await withSession('DELETE', each), 'token_expired')
    }
    const { body: audit } = await server.call({ path: '/audit?limit=1' })
    expect(audit.data[0]).toMatchObject({ action: 'session.ended', object: { type: 'session', id } })
  })

  test('that is ended and renewed at once stays ended', async () => {
    const answers = await Promise.all([withSession('PUT', token), withSession('DELETE', token)])
    expect(answers[1]?.status).toBe(200)
    expectProblem(await me(token), 'token_expired')
    const renewed = answers[0]?.body.token
    if (renewed !== undefined) expectProblem(await me(renewed), 'token_expired')
  })

  test('does not end another one of the same user', async () => {
    const other = (await signIn(email)).body.token
    await withSession('DELETE', token)
    expect((await me(other)).status).toBe(200)
  })

  test('is not a key: not in X-API-KEY, not as a client’s secret', async () => {
    const answer = await server.call({ path: '/me', key: token })
    expectProblem(answer, 'invalid_credentials')
  })

  test('needs nothing in memory', async () => {
    server.services.verifier.clear()
    expect((await me(token)).status).toBe(200)
  })
})
