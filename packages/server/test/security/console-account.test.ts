/** What people do with their own account in the console: their sessions and their password, and nobody else's. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createFakeClock, HOUR_MS } from '../fake-clock.ts'
import { expectCreated, type TestAnswer, type TestRequest, useTestServer } from '../harness.ts'
import { bearer, givePassword, PASSWORD, sessionToken, shortLivedToken } from '../tokens/issued-token.ts'

const CONSOLE = { 'x-latchkey-console': '1', 'sec-fetch-site': 'same-origin', host: 'localhost' }
const NEW = 'four words nobody says together'
const MINUTE_MS = 60_000
const clock = createFakeClock()
// A quarter of it is what one address may fail at before it waits.
const server = useTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: '1000' }, { clock })

const send = (request: TestRequest) =>
  server.call({ key: null, ...request, headers: { ...CONSOLE, ...request.headers } })
const cookieOf = ({ headers }: TestAnswer) => String(headers['set-cookie']).split(';')[0]!

type Person = { readonly id: string; readonly email: string }

async function newPerson(role = 'viewer', headers = {}): Promise<Person> {
  const { id } = await expectCreated(server, { path: '/users', body: { name: 'Ada', role }, headers })
  return { id, email: await givePassword(server, id, headers) }
}

const tryPassword = ({ email: username }: Person, password: string, from = '192.0.2.1') =>
  send({ method: 'POST', path: '/console/session', body: { username, password }, from })

async function signIn(person: Person, from?: string, password = PASSWORD): Promise<string> {
  const answer = await tryPassword(person, password, from)
  expect(answer.status, answer.text).toBe(200)
  return cookieOf(answer)
}

const sessionsOf = async (cookie: string) =>
  (await send({ path: '/console/sessions', headers: { cookie } })).body.data as readonly {
    readonly id: string
    readonly isCurrent: boolean
    readonly address: string | null
  }[]
const ownIdOf = async (cookie: string) =>
  (await sessionsOf(cookie)).find(({ isCurrent }) => isCurrent)?.id ?? ''
const end = (cookie: string, id: string) =>
  send({ method: 'DELETE', path: `/console/sessions/${id}`, headers: { cookie } })
const isIn = async (cookie: string) => (await send({ path: '/me', headers: { cookie } })).status === 200
const change = (cookie: string, body: object, from = '192.0.2.1') =>
  send({ method: 'PUT', path: '/console/password', headers: { cookie }, body, from })

let ada: Person
let grace: Person
beforeAll(async () => {
  grace = await newPerson('owner')
})
beforeEach(async () => {
  clock.move(HOUR_MS)
  ada = await newPerson()
})

describe("one's own sessions", () => {
  test('are listed with where they began, and no one else’s are', async () => {
    const first = await signIn(ada, '192.0.2.1')
    clock.move(1_000)
    const second = await signIn(ada, '2001:db8::7')
    await signIn(grace)
    const listed = await sessionsOf(second)
    expect(listed.map(({ isCurrent, address }) => [isCurrent, address])).toEqual([
      [true, '2001:db8::7'],
      [false, '192.0.2.1'],
    ])
    expect(JSON.stringify(listed)).not.toContain(first.split('=')[1])
    expect((await sessionsOf(first)).find(({ isCurrent }) => isCurrent)?.id).toBe(listed[1]!.id)
  })

  test('are not listed when they are over: signed out, not renewed, ended', async () => {
    const [out, idle, ended] = [await signIn(ada), await signIn(ada), await signIn(ada)]
    expect(await sessionsOf(idle)).toHaveLength(3)
    await send({ method: 'DELETE', path: '/console/session', headers: { cookie: out } })
    expect(await sessionsOf(idle)).toHaveLength(2)
    expect((await end(idle, await ownIdOf(ended))).status).toBe(204)
    expect(await sessionsOf(idle)).toHaveLength(1)
    clock.move(16 * MINUTE_MS)
    expect(await sessionsOf(await signIn(ada))).toHaveLength(1)
  })

  test('are ended one by one, at once, with an audit event; the others go on', async () => {
    const [here, lost, third] = [await signIn(ada), await signIn(ada), await signIn(ada)]
    const id = await ownIdOf(lost)
    expect((await end(here, id)).status).toBe(204)
    expect([await isIn(here), await isIn(lost), await isIn(third)].filter(Boolean)).toHaveLength(2)
    const { data } = (await server.call({ path: `/audit?objectId=${id}` })).body
    expect(data.map(({ action }: { action: string }) => action)).toEqual(['session.ended', 'session.started'])
    expect(data[0].actor).toMatchObject({ type: 'session', userId: ada.id })
    expect((await end(here, id)).body.code).toBe('session_not_found')
  })

  test('of somebody else are as unknown as none, whatever role asks', async () => {
    const [hers, mine] = [await signIn(ada), await signIn(grace)]
    const [her, my] = [await ownIdOf(hers), await ownIdOf(mine)]
    const none = 'ses_01m85e7dwrfwka4f0gvwh5b2ng'
    for (const [cookie, id] of [
      [mine, her],
      [hers, my],
      [hers, none],
      [hers, 'garbled'],
    ] as const) {
      const answer = await end(cookie, id)
      expect([answer.status, answer.body.code], id).toEqual([404, 'session_not_found'])
    }
    expect([await isIn(hers), await isIn(mine)]).toEqual([true, true])
    // The control: each may end its own.
    expect((await end(hers, her)).status).toBe(204)
    expect([await isIn(hers), await isIn(mine)]).toEqual([false, true])
  })

  test('are one’s own while one acts for another company, too', async () => {
    const { id } = await expectCreated(server, { path: '/companies', body: { name: 'Tenant' } })
    const cookie = await signIn(grace)
    const headers = { cookie, 'x-company-id': id }
    const { data } = (await send({ path: '/console/sessions', headers })).body
    expect(data.some(({ isCurrent }: { isCurrent: boolean }) => isCurrent)).toBe(true)
    const path = `/console/sessions/${data[0].id}`
    expect((await send({ method: 'DELETE', path, headers })).status).toBe(204)
  })
})

describe("one's own password", () => {
  test('is changed by whoever knows it: the new one serves, the old one does not, other sessions end', async () => {
    const [here, there] = [await signIn(ada), await signIn(ada)]
    expect((await change(here, { currentPassword: PASSWORD, password: NEW })).status).toBe(204)
    expect([await isIn(here), await isIn(there)]).toEqual([true, false])
    expect((await tryPassword(ada, PASSWORD)).status).toBe(401)
    expect((await tryPassword(ada, NEW)).status).toBe(200)
    const { data } = (await server.call({ path: `/audit?objectId=${ada.id}&action=user.password_set` })).body
    // Not that of the invitation, before there was a session.
    expect(data[0].actor).toMatchObject({ type: 'session', userId: ada.id })
  })

  test('uses up an invitation that somebody may still hold', async () => {
    const cookie = await signIn(ada)
    const { token } = await expectCreated(server, { path: `/users/${ada.id}/invitation` })
    expect((await change(cookie, { currentPassword: PASSWORD, password: NEW })).status).toBe(204)
    const body = { token, password: PASSWORD }
    const late = await server.call({ method: 'POST', path: '/auth/password', key: null, body })
    expect(late.status).toBe(401)
  })

  const REFUSED: readonly (readonly [what: string, body: object, pointer: string])[] = [
    ['a wrong one', { currentPassword: 'not the password', password: NEW }, '/currentPassword'],
    ['none', { password: NEW }, '/currentPassword'],
    ['no new one', { currentPassword: PASSWORD }, '/password'],
    ['a new one that is too short', { currentPassword: PASSWORD, password: 'short' }, '/password'],
    ['a new one that is guessed', { currentPassword: PASSWORD, password: 'qwertyuiop12' }, '/password'],
    ['the one it is', { currentPassword: PASSWORD, password: PASSWORD }, '/password'],
    ['a field nobody knows', { currentPassword: PASSWORD, password: NEW, userId: 'usr_1' }, '/userId'],
  ]
  test.each(REFUSED)('stays with %s, which is said beside the field', async (_what, body, pointer) => {
    const [here, there] = [await signIn(ada), await signIn(ada)]
    const answer = await change(here, body)
    expect([answer.status, answer.body.errors[0].pointer], answer.text).toEqual([400, pointer])
    expect([await isIn(here), await isIn(there)]).toEqual([true, true])
    expect((await tryPassword(ada, PASSWORD)).status).toBe(200)
  })

  test('is guessed at a browser left open as slowly as at the door, and by the same count', async () => {
    const cookie = await signIn(ada, '192.0.2.1')
    const guess = (from: string) =>
      change(cookie, { currentPassword: 'not the password', password: NEW }, from)
    const statuses: number[] = []
    for (let round = 0; round < 8; round += 1) statuses.push((await guess('198.51.100.9')).status)
    expect(statuses).toEqual([400, 400, 400, 400, 400, 400, 429, 429])
    // At the door there are no tries left either, not for the right one; where she signed in before there are.
    expect((await tryPassword(ada, PASSWORD, '198.51.100.9')).status).toBe(429)
    const right = { currentPassword: PASSWORD, password: NEW }
    expect((await change(cookie, right, '198.51.100.9')).status).toBe(429)
    expect((await change(cookie, right, '192.0.2.1')).status).toBe(204)
  })

  test('is not there where the user has no address any more: whatever is entered is wrong', async () => {
    const cookie = await signIn(ada)
    await server.tamper(`UPDATE users SET email = NULL WHERE id = '${ada.id}'`)
    const answer = await change(cookie, { currentPassword: PASSWORD, password: NEW })
    expect([answer.status, answer.body.errors[0].pointer], answer.text).toEqual([400, '/currentPassword'])
  })

  test.each([
    ['nobody else, gives new tries', false, [400, 400]],
    ['others too, gives none: who is right may guess at theirs', true, [400, 429]],
  ])('that is right, for an address of %s', async (_what, isShared, after) => {
    if (isShared) {
      const { id } = await expectCreated(server, { path: '/companies', body: { name: 'Other' } })
      const twin = await newPerson('viewer', { 'x-company-id': id })
      await server.tamper(`UPDATE users SET email = '${ada.email}' WHERE id = '${twin.id}'`)
      await server.tamper(`UPDATE passwords SET email = '${ada.email}' WHERE user_id = '${twin.id}'`)
    }
    const cookie = await signIn(ada)
    const from = '198.51.100.77'
    const guess = async () =>
      (await change(cookie, { currentPassword: 'not the password', password: NEW }, from)).status
    for (let round = 0; round < 5; round += 1) expect(await guess()).toBe(400)
    expect((await change(cookie, { currentPassword: PASSWORD, password: NEW }, from)).status).toBe(204)
    expect([await guess(), await guess()]).toEqual(after)
  })

  test('changed by a weaker giver’s hand serves for no more than before', async () => {
    // An admin gave it; once its user is an owner that password ends, and must not have become its user's own.
    const { id: adminId } = await expectCreated(server, {
      path: '/users',
      body: { name: 'Admin', role: 'admin' },
    })
    const { key } = await expectCreated(server, { path: '/keys', body: { userId: adminId } })
    const email = `${ada.id}@example.com`
    const invited = await server.call({ method: 'POST', path: `/users/${ada.id}/invitation`, key })
    const setting = { token: invited.body.token, password: PASSWORD }
    await server.call({ method: 'POST', path: '/auth/password', key: null, body: setting })
    const cookie = await signIn(ada)
    expect((await change(cookie, { currentPassword: PASSWORD, password: NEW })).status).toBe(204)
    const raised = await server.call({ method: 'PATCH', path: `/users/${ada.id}`, body: { role: 'owner' } })
    expect([raised.status, raised.body.passwordEnded]).toEqual([200, true])
    expect((await tryPassword({ ...ada, email }, NEW)).status).toBe(401)
  })
})

describe('what the console asks for itself', () => {
  const ASKED: readonly TestRequest[] = [
    { path: '/console/sessions' },
    { method: 'DELETE', path: '/console/sessions/ses_01m85e7dwrfwka4f0gvwh5b2ng' },
    { method: 'PUT', path: '/console/password', body: { currentPassword: PASSWORD, password: NEW } },
    { path: '/console/key-days?keys=key_01m85e7dwrfwka4f0gvwh5b2ng' },
    { path: '/console/key-limits/key_01m85e7dwrfwka4f0gvwh5b2ng' },
  ]
  const FORMS: readonly (readonly [how: string, headers: Record<string, string | string[]>, code: string])[] =
    [
      ['without the header', { 'x-latchkey-console': [] }, 'cross_site_request'],
      ['from another site', { 'sec-fetch-site': 'cross-site' }, 'cross_site_request'],
      ['from a neighbour', { 'sec-fetch-site': 'same-site' }, 'cross_site_request'],
      ['without a session', { cookie: [] }, 'missing_credentials'],
    ]
  const table = ASKED.flatMap((request) => FORMS.map((form) => [request, ...form] as const))
  test.each(table)('$path is not answered $1', async (request, _how, headers, code) => {
    const cookie = await signIn(ada)
    const answer = await send({ ...request, headers: { cookie, ...headers } })
    expect(answer.body.code, answer.text).toBe(code)
    expect(await isIn(cookie)).toBe(true)
  })

  test.each(ASKED.slice(0, 3))(
    '$path is for sessions, and for no key and no token made of one',
    async (request) => {
      const withKey = await send({ ...request, key: server.adminKey })
      expect(withKey.body.code, withKey.text).toBe('missing_permission')
    },
  )

  test('tells a session who its user is, and neither a key nor a token made of the session', async () => {
    const path = '/console/deployment'
    const session = await sessionToken(server, grace.email)
    const narrow = ['orders:read']
    const { key } = await expectCreated(server, {
      path: '/keys',
      body: { userId: grace.id, permissions: narrow },
    })
    const you = async (headers: Record<string, string>) => {
      const { status, body } = await send({ path, headers })
      return [status, body.you]
    }
    const told = { name: 'Ada', email: grace.email }
    expect(await you({ cookie: await signIn(grace) })).toEqual([200, told])
    expect(await you(bearer(session))).toEqual([200, told])
    expect(await you({ 'x-api-key': key })).toEqual([200, null])
    expect(await you(bearer(await shortLivedToken(server, session, narrow)))).toEqual([200, null])
  })

  test('tells of the keys of its company, and of no other', async () => {
    const rateLimits = [{ name: 'burst', limit: 5, windowSeconds: 60 }]
    const { id, key } = await expectCreated(server, {
      path: '/keys',
      body: { userId: grace.id, rateLimits, quota: { limit: 100, period: 'month' } },
    })
    for (const ip of ['192.0.2.1', '192.0.2.2']) {
      await server.call({ method: 'POST', path: '/verify', body: { key, ip } })
    }
    const { id: companyId } = await expectCreated(server, { path: '/companies', body: { name: 'Other' } })
    const stranger = await newPerson('owner', { 'x-company-id': companyId })
    const [cookie, theirs] = [await signIn(grace), await signIn(stranger)]
    const days = (who: string) =>
      send({ path: `/console/key-days?keys=${id},nonsense`, headers: { cookie: who } })
    const left = (who: string) => send({ path: `/console/key-limits/${id}`, headers: { cookie: who } })
    const { accepted, refused } = (await days(cookie)).body.keys[id]
    expect([accepted.at(-1), accepted.length, refused.at(-1)]).toEqual([2, 14, 0])
    for (let look = 0; look < 3; look += 1) {
      // Looking uses nothing.
      const { limits } = (await left(cookie)).body
      expect(
        limits.map(({ name, remaining }: { name: string; remaining: number }) => [name, remaining]),
      ).toEqual([
        ['burst', 3],
        ['quota', 98],
      ])
    }
    expect((await days(theirs)).body.keys).toEqual({})
    expect((await left(theirs)).body.code).toBe('key_not_found')
    // Whoever acts for a company is told of its keys.
    const acting = { cookie, 'x-company-id': companyId }
    const path = `/console/key-days?keys=${id}`
    expect((await send({ path, headers: acting })).body.keys).toEqual({})
  })

  test.each([
    ['/console/key-days', 400],
    ['/console/key-days?keys=', 400],
    ['/console/key-days?keys=a&keys=b', 400],
    ['/console/key-days?other=1', 400],
    ['/console/key-limits/nonsense', 404],
  ])('refuses %s', async (path, status) => {
    const cookie = await signIn(ada)
    expect((await send({ path, headers: { cookie } })).status).toBe(status)
  })
})
