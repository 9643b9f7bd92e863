/** Guesses by somebody who made itself a user with the victim's address in a company of its own. */
import { expect, test } from 'vitest'
import { expectProblem } from '../answer-checks.ts'
import { createFakeClock } from '../fake-clock.ts'
import { createTestCompany, expectCreated, useTestServer } from '../harness.ts'

const server = useTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: '100000' }, { clock: createFakeClock() })
let count = 0

const VICTIMS = 'what the rightful person chose'
const GUESSERS = 'what somebody else chose here'

async function settle(email: string, password: string): Promise<string> {
  const { id, users } = await createTestCompany(server)
  const { key } = users.owner
  const user = await expectCreated(server, {
    path: '/users',
    key,
    body: { name: 'Ada', role: 'viewer', email },
  })
  const { token } = await expectCreated(server, { path: `/users/${user.id}/invitation`, key })
  await server.call({ method: 'POST', path: '/auth/password', key: null, body: { token, password } })
  return id
}
const signInAs =
  (username: string) =>
  (from: string, password: string, fields: object = {}) =>
    server.call({
      method: 'POST',
      path: '/auth/token',
      key: null,
      from,
      body: { username, password, ...fields },
    })

test.each([
  ['signs in once', 1_000, true],
  ['signs in between every four guesses', 4, true],
  ['names the company of the victim', 4, false],
])('who %s is slowed down as a stranger', async (_what, between, isUnnamed) => {
  const email = `beside-${++count}@example.com`
  const companyId = await settle(email, VICTIMS)
  await settle(email, GUESSERS)
  const signIn = signInAs(email)
  const fields = isUnnamed ? {} : { companyId }
  expect((await signIn('192.0.2.66', GUESSERS)).status).toBe(200)
  for (let guess = 0; guess < 12; guess += 1) {
    if (guess % between === between - 1) await signIn('192.0.2.66', GUESSERS)
    await signIn('192.0.2.66', `guess number ${guess}`, fields)
  }
  // The right guess is not even looked at any more; the guesser's own password and the victim elsewhere are.
  expect((await signIn('192.0.2.66', VICTIMS, fields)).status).not.toBe(200)
  expect((await signIn('192.0.2.66', GUESSERS)).status).toBe(200)
  expect((await signIn('192.0.2.1', VICTIMS)).status).toBe(200)
})

test('who signs in at the victim’s own place, and between guesses, waits after fifty', async () => {
  const email = `beside-${++count}@example.com`
  await settle(email, VICTIMS)
  await settle(email, GUESSERS)
  const signIn = signInAs(email)
  for (const password of [VICTIMS, GUESSERS]) await signIn('192.0.2.66', password)
  for (let guess = 0; guess < 51; guess += 1) {
    if (guess % 10 === 9) await signIn('192.0.2.66', GUESSERS)
    await signIn('192.0.2.66', `guess number ${guess}`)
  }
  expectProblem(await signIn('192.0.2.66', VICTIMS), 'rate_limited')
})
