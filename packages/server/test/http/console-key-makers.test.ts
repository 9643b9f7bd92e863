/** GET /console/key-makers: who made each key of a page of the list and whose it is, and who is told. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pruneAuditOnHost } from '../../src/host/prune-audit-on-host.ts'
import { createFakeClock } from '../fake-clock.ts'
import {
  createTestCompany,
  expectCreated,
  startTestServer,
  type TestCompany,
  type TestService,
} from '../harness.ts'
import { bearer, givePassword, PASSWORD, sessionToken, shortLivedToken } from '../tokens/issued-token.ts'
import { createIssuerKey, startRemoteIssuer } from '../tokens/remote-issuer.ts'

const AUDIENCE = 'https://keys.example.com'
const ISSUER = 'https://acme.example.com'
const CONSOLE = { 'x-latchkey-console': '1', 'sec-fetch-site': 'same-origin', host: 'localhost' }
const clock = createFakeClock()
let directory: string
let closeIssuer: () => Promise<void>
let server: TestService
let company: TestCompany
/** What acts for the company as the operator. */
let acting: { readonly 'x-company-id': string }
/** Keys by how they were made. */
const made: Record<string, string> = {}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-makers-'))
  const issuerKey = createIssuerKey('one')
  const remote = await startRemoteIssuer()
  remote.publish([issuerKey.jwk])
  closeIssuer = remote.close
  const [caFile, file] = [join(directory, 'ca.pem'), join(directory, 'issuers.json')]
  writeFileSync(caFile, remote.ca)
  const names = { company: { claim: 'org', by: 'id' }, user: { claim: 'sub', by: 'id' }, companies: ['*'] }
  const entry = {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ['ES256'],
    jwksUrl: remote.url,
    caFile,
    ...names,
  }
  writeFileSync(file, JSON.stringify([entry]))
  server = await startTestServer({ LATCHKEY_ISSUERS_FILE: file }, { clock })
  company = await createTestCompany(server)
  acting = { 'x-company-id': company.id }
  await server.call({
    method: 'PATCH',
    path: `/users/${server.admin.userId}`,
    body: { name: 'Olga of the operator' },
  })
  await makeKeys(issuerKey)
})
afterAll(async () => {
  await server?.dispose()
  await closeIssuer?.()
  rmSync(directory, { recursive: true, force: true })
})

async function makeKeys(issuerKey: ReturnType<typeof createIssuerKey>): Promise<void> {
  const { admin, owner } = company.users
  const make = async (name: string, request: object, userId = admin.id) => {
    const body = { userId, description: name }
    const { id, key } = await expectCreated(server, { path: '/keys', body, ...request })
    made[name] = id
    return key as string
  }
  const secret = await make('by a key without a description', { key: admin.key })
  await make('by a key', { key: secret })
  await make('by a token of a key', {
    key: null,
    headers: bearer(await shortLivedToken(server, secret, ['keys:create'])),
  })
  const session = await sessionToken(server, await givePassword(server, owner.id, acting))
  await make('by a session', { key: null, headers: bearer(session) })
  const ofSession = await shortLivedToken(server, session, ['keys:create'])
  await make('by a token of a session', { key: null, headers: bearer(ofSession) })
  const cookie = await consoleCookie(owner.id)
  await make('in the console', { key: null, headers: { ...CONSOLE, cookie } })
  const iat = Math.floor(clock.nowMs() / 1_000)
  const claims = { iss: ISSUER, aud: AUDIENCE, iat, exp: iat + 600, org: company.id, sub: owner.id }
  await make('by an outside user', { key: null, headers: bearer(await issuerKey.sign(claims)) })
  await make('by the operator', { headers: acting })
  const keys = [1, 2, 3].map((n) => ({
    key: `shop_${createHash('sha256').update(`text ${n}`).digest('base64url')}`,
  }))
  const answer = await server.call({
    method: 'POST',
    path: '/keys/import',
    headers: acting,
    body: { user: admin.id, keys },
  })
  for (const [index, { keyId }] of answer.body.rows.entries()) made[`imported, ${index}`] = keyId
}

async function consoleCookie(userId: string): Promise<string> {
  const body = { username: `${userId}@example.com`, password: PASSWORD }
  const answer = await server.call({
    method: 'POST',
    path: '/console/session',
    key: null,
    headers: CONSOLE,
    body,
  })
  return String(answer.headers['set-cookie']).split(';')[0]!
}

const ask = (ids: readonly string[], key = company.users.owner.key, headers = {}) =>
  server.call({ path: `/console/key-makers?keys=${ids.join()}`, key, headers: { ...CONSOLE, ...headers } })
const makerOf = async (name: string, key?: string, headers?: object) =>
  (await ask([made[name]!], key, headers)).body.keys[made[name]!]

type Maker = readonly [name: string, kind: string, user: 'owner' | 'admin', description: string | null]
const OWN: readonly Maker[] = [
  ['by a key without a description', 'key', 'admin', null],
  ['by a key', 'key', 'admin', 'by a key without a description'],
  ['by a token of a key', 'key', 'admin', 'by a key without a description'],
  ['by a session', 'person', 'owner', null],
  ['by a token of a session', 'person', 'owner', null],
  ['in the console', 'person', 'owner', null],
  ['by an outside user', 'person', 'owner', null],
]
const FOREIGN = ['by the operator', 'imported, 0', 'imported, 1', 'imported, 2']

describe('who made a key', () => {
  test.each(OWN)('%s is told to whoever may list users', async (name, kind, user, description) => {
    expect(await makerOf(name)).toEqual({
      kind,
      isImported: false,
      isOperator: false,
      userId: company.users[user].id,
      userName: user,
      description,
      ownerName: 'admin',
    })
  })

  test.each(FOREIGN)(
    '%s: the company learns that it was the operator, who acts for it learns who',
    async (name) => {
      const isImported = name.startsWith('imported')
      const told = { kind: 'key', isImported, isOperator: true, description: null, ownerName: 'admin' }
      expect(await makerOf(name)).toEqual({ ...told, userId: null, userName: null })
      const { userId } = server.admin
      const named = await makerOf(name, server.adminKey, acting)
      expect(named).toMatchObject({
        ...told,
        description: expect.anything(),
        userId,
        userName: 'Olga of the operator',
      })
    },
  )

  test('on the server itself nobody vouched for', async () => {
    const { id } = (await server.call({ path: '/keys?limit=1' })).body.data[0]
    const answer = await ask([id], server.adminKey)
    const nobody = { isImported: false, isOperator: false, userId: null, userName: null, description: null }
    expect(answer.body.keys[id]).toEqual({ kind: 'host', ...nobody, ownerName: 'Olga of the operator' })
  })

  test.each(['developer', 'viewer'] as const)(
    'to a %s is told by id: a key, which others may have, does not tell them whose it is',
    async (role) => {
      const { id, key, keyId } = company.users[role]
      expect(await makerOf('by a session', key)).toMatchObject({
        userId: company.users.owner.id,
        userName: null,
        ownerName: null,
      })
      // A developer makes one of its own; a viewer makes none.
      if (role === 'developer') {
        const own = await expectCreated(server, { path: '/keys', key, body: { userId: id } })
        const told = { userId: id, userName: null, ownerName: null }
        expect((await ask([own.id], key)).body.keys[own.id]).toMatchObject(told)
      }
      expect((await ask([keyId], key)).body.keys[keyId]).toMatchObject({
        isOperator: true,
        userId: null,
        ownerName: null,
      })
    },
  )

  test('is told to whoever may read keys, not to whoever may only list them', async () => {
    const { id, key } = company.users.admin
    const codes: string[] = []
    for (const permission of ['keys:list', 'keys:read']) {
      const body = { userId: id, permissions: [permission] }
      const narrow = await expectCreated(server, { path: '/keys', key, body })
      codes.push((await ask([made['by a key']!], narrow.key)).body.code ?? 'told')
    }
    expect(codes).toEqual(['missing_permission', 'told'])
  })

  test('of a page is answered at once, without what is of other companies or nowhere', async () => {
    const other = await createTestCompany(server)
    const ids = Object.values(made)
    const strange = [other.users.owner.keyId, 'key_01m85e7dwrfwka4f0gvwh5b2ng', 'nonsense']
    expect(Object.keys((await ask([...strange, ...ids])).body.keys).sort()).toEqual(ids.sort())
    expect((await ask(ids, other.users.owner.key)).body.keys).toEqual({})
  })

  test('outlives the session, and with the audit events that are pruned only a person is forgotten', async () => {
    const ids = Object.values(made)
    const before = (await ask(ids)).body
    expect(await server.tamper('DELETE FROM sessions')).toBeGreaterThan(0)
    expect((await ask(ids)).body).toEqual(before)
    clock.move(3_600_000)
    // What stands in the place of the pruned events is of somebody else.
    const { admin } = company.users
    await expectCreated(server, { path: '/keys', key: admin.key, body: { userId: admin.id } })
    await pruneAuditOnHost(server.services, clock.nowMs() - 60_000, { write() {}, keep() {} })
    const after = (await ask(ids)).body.keys
    for (const [name, id] of Object.entries(made)) {
      const isForgotten = ['by a session', 'by a token of a session', 'in the console'].includes(name)
      const expected = isForgotten ? { ...before.keys[id], userId: null, userName: null } : before.keys[id]
      expect(after[id], name).toEqual(expected)
    }
  })

  test('who was deleted is told without a name', async () => {
    const { admin, owner } = company.users
    const { id: userId } = await expectCreated(server, {
      path: '/users',
      key: owner.key,
      body: { name: 'Gone', role: 'admin' },
    })
    const own = await expectCreated(server, { path: '/keys', key: owner.key, body: { userId } })
    const { id } = await expectCreated(server, { path: '/keys', key: own.key, body: { userId: admin.id } })
    expect((await ask([id])).body.keys[id]).toMatchObject({ userId, userName: 'Gone' })
    for (const path of [`/keys/${own.id}`, `/users/${userId}`]) {
      expect((await server.call({ method: 'DELETE', path, key: owner.key })).status).toBe(204)
    }
    expect((await ask([id])).body.keys[id]).toMatchObject({ userId, userName: '' })
  })
})
