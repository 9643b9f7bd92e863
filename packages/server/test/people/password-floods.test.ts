/** Floods of the endpoints that take a password, where each hash takes as long as it does. */
import { beforeEach, describe, expect, test } from 'vitest'
import { expectProblem } from '../answer-checks.ts'
import { createFakeClock, HOUR_MS } from '../fake-clock.ts'
import { expectCreated, startTestServer, useTestServer } from '../harness.ts'
import { PASSWORD, REAL_HASHES } from '../tokens/issued-token.ts'
import { all, createGuessing, inTurn, statusesOf } from './guessing.ts'

const clock = createFakeClock()

// A quarter of it is what one address may fail at before it waits: 25.
const server = useTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: '100' }, { clock, ...REAL_HASHES })
let email: string
const { fresh, nobody, newPerson, signIn, guess } = createGuessing(server, () => email)
const setPassword = (token: string, from: string) =>
  server.call({
    method: 'POST',
    path: '/auth/password',
    key: null,
    from,
    body: { token, password: PASSWORD },
  })

beforeEach(async () => {
  // What was counted for one test is forgotten before the next.
  clock.move(HOUR_MS)
  email = await newPerson()
})

describe('a spray of sixty names', () => {
  test('all at once is no way around', async () => {
    const from = fresh()
    const answers = await Promise.all(Array.from({ length: 60 }, () => guess(from, nobody())))
    const statuses = statusesOf(answers)
    // Names that nobody has are hashed too. Two are at a time and ten of one address wait; the rest finds no room.
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(26)
    expect(new Set(statuses)).toEqual(new Set([401, 503]))
    const refused = answers.find(({ status }) => status === 503)!
    expectProblem(refused, 'unavailable')
    expect(refused.headers['retry-after']).toBe('2')
  })
})

describe('our own failure is nobody’s wrong password', () => {
  test('of names that found no room to be hashed, each has its free tries still', async () => {
    const from = fresh()
    const names = Array.from({ length: 24 }, nobody)
    const answers = statusesOf(await Promise.all(names.map((name) => guess(from, name))))
    const turnedAway = names.filter((_, index) => answers[index] === 503)
    expect(turnedAway.length).toBeGreaterThan(3)
    expect(new Set(answers)).toEqual(new Set([401, 503]))
    const [name, other] = turnedAway
    expect(await inTurn(7, () => guess('203.0.113.3', name))).toEqual([...all(6, 401), 429])
    expect(await inTurn(6, () => guess(from, other))).toEqual(all(6, 401))
  })

  test('while the store is silent', async () => {
    const from = fresh()
    const broken = await startTestServer({}, { clock, ...REAL_HASHES })
    await broken.services.engine.close()
    const answers = await inTurn(10, () => signIn(from, 'not the password', 'somebody@example.com', broken))
    expect(new Set(answers)).not.toContain(429)
    expect(new Set(answers)).not.toContain(401)
    await broken.dispose().catch(() => {})
  })
})

describe('strangers do not fill the queue of those who have shown something', () => {
  test('without an invitation nothing is hashed', async () => {
    const token = (index: number) => `inv_${String(index).padStart(43, 'A')}`
    const answers = await Promise.all(
      Array.from({ length: 90 }, (_, index) => setPassword(token(index), fresh())),
    )
    expect(new Set(statusesOf(answers))).toEqual(new Set([401]))
  })

  test('an invitation is used, and a known owner signs in, while strangers flood', async () => {
    const known = fresh()
    await signIn(known)
    const invited = await expectCreated(server, {
      path: '/users',
      body: { name: 'Bob', role: 'viewer', email: nobody() },
    })
    const { token } = await expectCreated(server, { path: `/users/${invited.id}/invitation` })
    const flood = Array.from({ length: 90 }, () => guess(fresh(), nobody()))
    const wanted = [setPassword(token, fresh()), signIn(known)]
    expect(statusesOf(await Promise.all(wanted))).toEqual([200, 200])
    expect(new Set(statusesOf(await Promise.all(flood)))).toEqual(new Set([401, 503]))
  })

  test('one address does not fill it for all others', async () => {
    const from = fresh()
    const flood = Array.from({ length: 20 }, () => guess(from, nobody()))
    expect((await signIn(fresh())).status).toBe(200)
    // Two are hashed and ten wait; perhaps some more, when a hash is done before all have come.
    expect(statusesOf(await Promise.all(flood)).filter((status) => status === 401).length).toBeGreaterThan(10)
  })
})
