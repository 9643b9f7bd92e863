/** An invitation counts while who made it could still make it: they may have kept its token. */
import { beforeEach, describe, expect, test } from 'vitest'
import { HOST, requesterAsUser } from '../../src/changes/requester.ts'
import { invitationHash } from '../../src/users/invite-user.ts'
import { setPassword } from '../../src/users/set-password.ts'
import { expectProblem } from '../answer-checks.ts'
import { createFakeClock, HOUR_MS } from '../fake-clock.ts'
import { createTestCompany, expectCreated, type Parsed, type TestCompany, useTestServer } from '../harness.ts'
import { bearer, givePassword, PASSWORD, sessionToken } from '../tokens/issued-token.ts'

const clock = createFakeClock()
const server = useTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: '100000' }, { clock })
let company: TestCompany
let user: Parsed
let count = 0

const owner = () => company.users.owner.key
const newUser = (fields: object = {}): Promise<Parsed> =>
  expectCreated(server, {
    path: '/users',
    key: owner(),
    body: { name: 'Bob', role: 'viewer', email: `bob-${++count}@example.com`, ...fields },
  })
/** Somebody with a session, whose invitations rest on nothing else. */
async function newMaker(role = 'admin') {
  const { id } = await newUser({ role })
  const email = await givePassword(server, id, { 'x-company-id': company.id })
  return { id: id as string, session: await sessionToken(server, email) }
}
const newKey = (fields: object = {}): Promise<Parsed> =>
  expectCreated(server, {
    path: '/keys',
    key: owner(),
    body: { userId: company.users.admin.id, ...fields },
  })

beforeEach(async () => {
  company = await createTestCompany(server)
  user = await newUser()
})

const invite = async (request: object): Promise<string> =>
  (await expectCreated(server, { path: `/users/${user.id}/invitation`, ...request })).token
const accept = (token: string) =>
  server.call({ method: 'POST', path: '/auth/password', key: null, body: { token, password: PASSWORD } })
const change = (path: string, body: object, key = owner()) =>
  server.call({ method: 'PATCH', path, key, body })
const remove = (path: string) => server.call({ method: 'DELETE', path, key: owner() })

describe('an invitation that a person made', () => {
  test.each<readonly [string, object, (path: string) => Promise<{ status: number }>]>([
    ['deactivated', {}, (path) => change(path, { status: 'inactive' })],
    ['deleted', {}, remove],
    ['demoted to who invites nobody', {}, (path) => change(path, { role: 'developer' })],
    ['demoted below whom they invited', { role: 'owner' }, (path) => change(path, { role: 'admin' })],
    ['given less than whom they invited', { role: 'developer' }, (path) => change(path, { permissions: [] })],
  ])('ends when they are %s', async (_, fields, act) => {
    user = await newUser(fields)
    const { id, session } = await newMaker('owner')
    const token = await invite({ key: null, headers: bearer(session) })
    expect((await act(`/users/${id}`)).status).toBeLessThan(300)
    expectProblem(await accept(token), 'invalid_credentials')
    expect((await accept(await invite({ key: owner() }))).status).toBe(200)
  })

  test('counts again when they are activated again, as their keys do', async () => {
    const { id, session } = await newMaker()
    const token = await invite({ key: null, headers: bearer(session) })
    await change(`/users/${id}`, { status: 'inactive' })
    expectProblem(await accept(token), 'invalid_credentials')
    await change(`/users/${id}`, { status: 'active' })
    expect((await accept(token)).status).toBe(200)
  })

  test.each<readonly [string, (id: string, session: string) => Promise<{ status: number }>]>([
    ['they sign out', (_, session) => signOut(session)],
    ['they are renamed', (id) => change(`/users/${id}`, { name: 'Ada L.' })],
    ['they are promoted', (id) => change(`/users/${id}`, { role: 'owner' })],
  ])('stays when %s', async (_, act) => {
    const { id, session } = await newMaker()
    const token = await invite({ key: null, headers: bearer(session) })
    expect((await act(id, session)).status).toBeLessThan(300)
    expect((await accept(token)).status).toBe(200)
  })
  const signOut = (session: string) =>
    server.call({ method: 'DELETE', path: '/auth/token', key: null, headers: bearer(session) })
})

describe('an invitation that a key made', () => {
  test.each<readonly [string, (id: string) => Promise<{ status: number }>]>([
    ['deleted', (id) => remove(`/keys/${id}`)],
    ['disabled', (id) => change(`/keys/${id}`, { enabled: false })],
    ['given less', (id) => change(`/keys/${id}`, { permissions: ['keys:list'] })],
    [
      'left with a user who is shut out',
      () => change(`/users/${company.users.admin.id}`, { status: 'inactive' }),
    ],
  ])('ends when it is %s', async (_, act) => {
    const { id, key } = await newKey()
    const token = await invite({ key })
    expect((await act(id)).status).toBeLessThan(300)
    expectProblem(await accept(token), 'invalid_credentials')
  })

  test('stays when its own end has come, and wherever the password is set from', async () => {
    const expiresAt = new Date(clock.nowMs() + HOUR_MS).toISOString()
    const { key } = await newKey({ expiresAt, whitelistedIPs: ['127.0.0.1'] })
    const token = await invite({ key })
    clock.move(2 * HOUR_MS)
    const body = { token, password: PASSWORD }
    const request = { method: 'POST', path: '/auth/password', key: null, body, from: '198.51.100.7' } as const
    expect((await server.call(request)).status).toBe(200)
  })
})

describe('an invitation that the operator made for a company', () => {
  async function invited(fields: object = {}) {
    const body = { userId: server.admin.userId, ...fields }
    const { id, key } = await expectCreated(server, { path: '/keys', body })
    return { id, token: await invite({ key, headers: { 'x-company-id': company.id } }) }
  }
  const narrow = (id: string, permissions: string[]) =>
    change(`/keys/${id}`, { permissions }, server.adminKey)

  test('stays while it may act for companies', async () => {
    user = await newUser({ role: 'owner', permissions: ['a:b'] })
    // What an owner of a company may, and not what one of the operator's.
    const { token } = await invited({
      permissions: ['a:b', 'keys:*', 'users:*', 'audit:*', 'companies:update'],
    })
    expect((await accept(token)).status).toBe(200)
  })

  test.each([
    ['acts for no company', ['users:*', 'keys:*']],
    ['changes no users', ['companies:*', 'keys:*']],
  ])('ends when the key %s any more', async (_, permissions) => {
    const { id, token } = await invited()
    expect((await narrow(id, permissions)).status).toBe(200)
    expectProblem(await accept(token), 'invalid_credentials')
  })
})

test('who was shut out while the password was hashed gave no invitation', async () => {
  const { id, session } = await newMaker()
  const token = await invite({ key: null, headers: bearer(session) })
  const invitation = invitationHash(server.services.derivedKeys.invitation, token)
  await change(`/users/${id}`, { status: 'inactive' })
  const hash = '$argon2id-hmac$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$dGFn'
  const given = { userId: user.id, email: user.email, hash }
  const requester = requesterAsUser(HOST, user.companyId, user.id)
  const finish = () =>
    server.services.change(requester, user.companyId, (open) => setPassword(open, given, invitation))
  expect(await finish()).toBe(false)
  await change(`/users/${id}`, { status: 'active' })
  expect(await finish()).toBe(true)
})

test('one of a release that did not note who made it counts', async () => {
  const token = await invite({ key: owner() })
  await server.tamper('UPDATE invitations SET maker = NULL')
  await change(`/users/${company.users.owner.id}`, { role: 'viewer' }, server.adminKey)
  expect((await accept(token)).status).toBe(200)
})
