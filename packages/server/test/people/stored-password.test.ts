/** What is stored of a password: of no use without the server secret, and to nobody but its user. */
import { argon2Sync, randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { createPasswords } from '../../src/auth/password.ts'
import { findPassword, updatePasswordHash } from '../../src/storage/tables/passwords.ts'
import { expectCreated, type Parsed, useTestServer } from '../harness.ts'
import { givePassword, PASSWORD, REAL_HASHES } from '../tokens/issued-token.ts'

const server = useTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: '100000' }, REAL_HASHES)
let user: Parsed
let email: string

beforeEach(async () => {
  user = await expectCreated(server, { path: '/users', body: { name: 'Ada', role: 'viewer' } })
  email = await givePassword(server, user.id)
})

const signIn = async (username: string, password = PASSWORD) =>
  (await server.call({ method: 'POST', path: '/auth/token', key: null, body: { username, password } })).status
const stored = (id: string = user.id) =>
  server.services.engine.read(async (db) => (await findPassword(db, id as never))!.hash)
const store = (hash: string, id: string = user.id) =>
  server.services.engine.write((db) => updatePasswordHash(db, id as never, hash))

type Cost = { readonly memory: number; readonly passes: number }
const COST: Cost = { memory: 19_456, passes: 2 }
/** As it was stored before there was a pepper: RFC 9106 and nothing else. */
function bareHash(password: string, { memory, passes }: Cost = COST, nonce = randomBytes(16)): string {
  const tag = argon2Sync('argon2id', {
    message: password,
    nonce,
    memory,
    passes,
    parallelism: 1,
    tagLength: 32,
  })
  const text = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')
  return `$argon2id$v=19$m=${memory},t=${passes},p=1$${text(nonce)}$${text(tag)}`
}
const partsOf = (hash: string) => hash.split('$').slice(-2) as [salt: string, tag: string]

test('a password is an argon2id hash under a pepper, with its parameters and a salt', async () => {
  expect(await stored()).toMatch(
    /^\$argon2id-hmac\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/,
  )
})

describe('a stolen database', () => {
  test('gives nothing to compare a guess with: the right password does not yield what is stored', async () => {
    const [salt, tag] = partsOf(await stored())
    const guess = partsOf(bareHash(PASSWORD, COST, Buffer.from(salt, 'base64')))
    expect(guess[0]).toBe(salt)
    expect(guess[1]).not.toBe(tag)
  })

  test('is of no use to a service with another server secret', async () => {
    const candidates = [{ user_id: user.id, hash: await stored() }]
    const turn = { network: 'test', isKnown: true }
    const own = createPasswords(server.services.derivedKeys.password)
    const other = createPasswords(randomBytes(32))
    expect(await own.match(PASSWORD, email, candidates, turn)).toHaveLength(1)
    expect(await other.match(PASSWORD, email, candidates, turn)).toEqual([])
  })

  test('does not show that two users have the same password', async () => {
    const other = await expectCreated(server, { path: '/users', body: { name: 'Bob', role: 'viewer' } })
    await givePassword(server, other.id)
    const [one, two] = [partsOf(await stored()), partsOf(await stored(other.id))]
    expect(one[0]).not.toBe(two[0])
    expect(one[1]).not.toBe(two[1])
  })
})

test('a hash that was moved to another user is right for nobody', async () => {
  const other = await expectCreated(server, { path: '/users', body: { name: 'Bob', role: 'admin' } })
  const otherEmail = await givePassword(server, other.id)
  expect(await signIn(otherEmail)).toBe(200)
  await store(await stored(), other.id)
  expect(await signIn(otherEmail)).toBe(401)
  expect(await signIn(email)).toBe(200)
})

describe('a hash from before there was a pepper', () => {
  test('counts, and is stored under the pepper at the next sign-in', async () => {
    const bare = bareHash(PASSWORD)
    await store(bare)
    expect(await signIn(email, `${PASSWORD}!`)).toBe(401)
    expect(await stored()).toBe(bare)
    expect(await signIn(email)).toBe(200)
    const renewed = await stored()
    expect(renewed).toMatch(/^\$argon2id-hmac\$v=19\$m=19456,t=2,p=1\$/)
    expect(await signIn(email)).toBe(200)
    expect(await stored()).toBe(renewed)
  })

  test('counts for all who sign in at once: the first of them stores it anew', async () => {
    await store(bareHash(PASSWORD))
    expect(await Promise.all([signIn(email), signIn(email), signIn(email)])).toEqual([200, 200, 200])
  })

  test('counts for whoever changes it beside a sign-in that stores it anew', async () => {
    const headers = { 'x-latchkey-console': '1', 'sec-fetch-site': 'same-origin', host: 'localhost' }
    const credentials = { username: email, password: PASSWORD }
    const path = '/console/session'
    const opened = await server.call({ method: 'POST', path, key: null, headers, body: credentials })
    const cookie = String(opened.headers['set-cookie']).split(';')[0]!
    const body = { currentPassword: PASSWORD, password: 'four words nobody says together' }
    await store(bareHash(PASSWORD))
    const [changed] = await Promise.all([
      server.call({
        method: 'PUT',
        path: '/console/password',
        key: null,
        headers: { ...headers, cookie },
        body,
      }),
      signIn(email),
    ])
    expect(changed.status).toBe(204)
    expect(await signIn(email, body.password)).toBe(200)
  })

  test('under the salt it has, so that nobody hashes a second time for it', async () => {
    await store(bareHash(PASSWORD))
    const [salt] = partsOf(await stored())
    await signIn(email)
    expect(partsOf(await stored())[0]).toBe(salt)
  })

  test('is renewed only where the password is right, in however many companies the address is', async () => {
    const tenant = await expectCreated(server, { path: '/companies', body: { name: 'Acme' } })
    const headers = { 'x-company-id': tenant.id }
    const body = { name: 'Ada', role: 'viewer', email }
    const twin = await expectCreated(server, { path: '/users', headers, body })
    const { token } = await expectCreated(server, { path: `/users/${twin.id}/invitation`, headers })
    const password = 'another password of mine'
    await store(bareHash(PASSWORD))
    await server.call({ method: 'POST', path: '/auth/password', key: null, body: { token, password } })
    // One hash of a password serves both.
    expect(partsOf(await stored(twin.id))[0]).toBe(partsOf(await stored())[0])
    expect(await signIn(email, password)).toBe(200)
    expect(await stored()).toMatch(/^\$argon2id\$/)
    expect(await signIn(email)).toBe(200)
    expect(await stored()).toMatch(/^\$argon2id-hmac\$/)
  })
})

test.each<readonly [string, (hash: string) => string]>([
  ['less memory', () => bareHash(PASSWORD, { memory: 8_192, passes: 2 })],
  ['fewer passes', () => bareHash(PASSWORD, { memory: 19_456, passes: 1 })],
])('a hash made with %s counts, and is made anew at the next sign-in', async (_, made) => {
  await store(made(await stored()))
  expect(await signIn(email, `${PASSWORD}!`)).toBe(401)
  expect(await signIn(email)).toBe(200)
  const renewed = await stored()
  expect(renewed).toContain('$argon2id-hmac$v=19$m=19456,t=2,p=1$')
  expect(await signIn(email)).toBe(200)
  expect(await stored()).toBe(renewed)
})
