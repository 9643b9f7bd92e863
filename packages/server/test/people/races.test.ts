/** What changes between the look at a password, an invitation or a session, and the change that rests on it. */
import { beforeEach, describe, expect, test } from 'vitest'
import { HOST, requesterAsUser } from '../../src/changes/requester.ts'
import { setPasswordOnHost } from '../../src/host/users-on-host.ts'
import { findInvitation } from '../../src/storage/tables/people.ts'
import { invitationHash } from '../../src/users/invite-user.ts'
import { setPassword } from '../../src/users/set-password.ts'
import { createFakeClock, HOUR_MS } from '../fake-clock.ts'
import { expectCreated, type Parsed, type TestAnswer, useTestServer } from '../harness.ts'
import { givePassword, PASSWORD } from '../tokens/issued-token.ts'

const clock = createFakeClock()

const server = useTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: '100000' }, { clock })
let user: Parsed
let email: string

beforeEach(async () => {
  user = await expectCreated(server, { path: '/users', body: { name: 'Ada', role: 'viewer' } })
  email = await givePassword(server, user.id)
})

const patch = (body: object) => server.call({ method: 'PATCH', path: `/users/${user.id}`, body })
const actions = async (): Promise<string[]> =>
  (await server.call({ path: '/audit?limit=20' })).body.data
    .filter(({ object, actor }: Parsed) => object.id === user.id || actor.id === user.id)
    .map(({ action }: Parsed) => action)

describe('while a right password is being checked', () => {
  /** Keeps every hash of strangers waiting: who is known goes first, and there is always one more. */
  function keepHashing() {
    let isKept = true
    const turn = { network: 'gate', isKnown: true }
    const { passwords } = server.services
    const one = async () => {
      while (isKept) await passwords.match('none', 'nobody@example.com', [], turn)
    }
    const kept = Promise.all([one(), one(), one(), one()])
    return async () => {
      isKept = false
      await kept
    }
  }
  const signIn = () =>
    server.call({
      method: 'POST',
      path: '/auth/token',
      key: null,
      body: { username: email, password: PASSWORD },
    })

  /**
   * Answers to sign-ins that had all read what is stored when `change` was made. As many as may be under way for one
   * name: one more is too many, and is answered when the others wait for their hash.
   */
  async function answersAround(
    change: () => Promise<unknown>,
    ask: () => Promise<TestAnswer> = signIn,
  ): Promise<TestAnswer[]> {
    const release = keepHashing()
    try {
      const sent = Array.from({ length: 7 }, async (_, index) => ({ index, answer: await ask() }))
      const first = await Promise.race(sent)
      expect(first.answer.status).toBe(429)
      await change()
      await release()
      return (await Promise.all(sent))
        .filter(({ index }) => index !== first.index)
        .map(({ answer }) => answer)
    } finally {
      await release()
    }
  }

  const tamper = (table: string, change: string, id: string) =>
    server.tamper(`UPDATE ${table} SET ${change} WHERE ${id} = '${user.id}'`)

  test.each<readonly [string, () => Promise<unknown>]>([
    [
      'the password is changed',
      () => setPasswordOnHost(server.services, user.id, 'another password of mine'),
    ],
    ['the user is deactivated', () => patch({ status: 'inactive' })],
    [
      'the user is deactivated and activated again, by another address',
      () => patch({ email: `new-${email}` }),
    ],
    ['the address is taken away', () => patch({ email: null })],
    ['the user has another address in the store', () => tamper('users', "email = 'moved@example.com'", 'id')],
    ['the password is for another', () => tamper('passwords', "email = 'other@example.com'", 'user_id')],
  ])('%s: no session', async (_, change) => {
    for (const { status, body } of await answersAround(change)) {
      expect({ status, code: body.code }).toEqual({ status: 401, code: 'invalid_credentials' })
    }
    expect(await actions()).not.toContain('session.started')
  })

  test('it is changed several times by one session: once', async () => {
    const headers = { 'x-latchkey-console': '1', 'sec-fetch-site': 'same-origin', host: 'localhost' }
    const body = { username: email, password: PASSWORD }
    const console = { method: 'POST', path: '/console/session', key: null, headers, body } as const
    const cookie = String((await server.call(console)).headers['set-cookie']).split(';')[0]!
    const answers = await answersAround(
      async () => {},
      () =>
        server.call({
          method: 'PUT',
          path: '/console/password',
          key: null,
          headers: { ...headers, cookie },
          body: { currentPassword: PASSWORD, password: 'four words nobody says together' },
          // Where it did not sign in, so that it waits as strangers do.
          from: '198.51.100.7',
        }),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 400, 400, 400, 400, 400])
  })

  test('nothing else happens: sessions', async () => {
    const answers = await answersAround(() => patch({ name: 'Renamed' }))
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200))
  })
})

describe('an invitation that was looked at before its password was hashed', () => {
  let invitation: Buffer
  beforeEach(async () => {
    const { token } = await expectCreated(server, { path: `/users/${user.id}/invitation` })
    invitation = invitationHash(server.services.derivedKeys.invitation, token)
  })
  const hash = '$argon2id-hmac$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$dGFn'
  /** What is left to do when the hash is there. */
  const finish = (changes: object = {}) =>
    server.services.change(requesterAsUser(HOST, user.companyId, user.id), user.companyId, (change) =>
      setPassword(change, { userId: user.id, email, hash, ...changes }, invitation),
    )
  const isThere = () =>
    server.services.engine.read(
      async (db) => (await findInvitation(db, invitation, clock.nowMs())) !== undefined,
    )

  test('sets it, when nothing has changed, and once', async () => {
    expect(await finish()).toBe(true)
    expect(await finish()).toBe(false)
  })

  test.each<readonly [string, () => Promise<unknown>]>([
    ['was used', () => finish()],
    ['was replaced', () => expectCreated(server, { path: `/users/${user.id}/invitation` })],
    ['is over', async () => clock.move(24 * HOUR_MS)],
    ['was of a user who was promoted', () => patch({ role: 'owner' })],
    ['was of a user who was deactivated', () => patch({ status: 'inactive' })],
  ])('and %s meanwhile sets nothing', async (_, change) => {
    await change()
    expect(await isThere()).toBe(false)
    const before = await actions()
    expect(await finish()).toBe(false)
    expect(await actions()).toEqual(before)
  })

  test('sets nothing for a user whom the store says to be inactive, or to have another address', async () => {
    await server.tamper(`UPDATE users SET status = 'inactive' WHERE id = '${user.id}'`)
    expect(await isThere()).toBe(true)
    expect(await finish()).toBe(false)
    await server.tamper(
      `UPDATE users SET status = 'active', email = 'other@example.com' WHERE id = '${user.id}'`,
    )
    expect(await finish()).toBe(false)
    expect(await finish({ email: 'other@example.com' })).toBe(true)
  })

  test('sets nothing for another user', async () => {
    const other = await expectCreated(server, {
      path: '/users',
      body: { name: 'Bob', role: 'viewer', email: null },
    })
    expect(await finish({ userId: other.id, email: null })).toBe(false)
  })
})
