/**
 * Nothing that a revoked credential asked for happens after its revocation was answered: whether its request
 * waited for the row of its company, or for its own body.
 */
import { Readable } from 'node:stream'
import { type OperationId, operations } from '@latchkey/contract/operations'
import type { Operation } from '@latchkey/contract/operations/operation'
import { beforeAll, describe, expect, test } from 'vitest'
import { ask, createTestCompany, expectCreated, type TestCompany, useTestServer } from '../harness.ts'
import { holdCompanyRow } from '../held-rows.ts'
import { createExamples, type Examples } from '../operation-examples.ts'
import { accessToken, bearer, givePassword, sessionToken, shortLivedToken } from '../tokens/issued-token.ts'

const server = useTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: '100000' })
let examples: Examples

beforeAll(async () => {
  examples = await createExamples(server)
})

type Credential = Readonly<Record<string, string>>

/** Actions in the chain of a company, by whom they were done. */
async function actionsBy(companyId: string, actorId: string): Promise<string[]> {
  const { engine } = server.services
  const rows = await engine.read((db) =>
    db
      .selectFrom('audit_events')
      .select('action')
      .where('company_id', '=', companyId as never)
      .where('actor_id', '=', actorId)
      .orderBy('sequence')
      .execute(),
  )
  return rows.map(({ action }) => action)
}

describe('a change that waits for the row of its company', () => {
  const changing = (Object.entries(operations) as unknown as (readonly [OperationId, Operation])[]).filter(
    ([id, { method, authentication }]) =>
      authentication === 'required' && method !== 'GET' && !READING.has(id),
  )

  test('is every operation that changes something', () => {
    expect(changing.map(([id]) => id).sort()).toEqual([
      'cancelRotation',
      'createApiKey',
      'createCompany',
      'createInvitation',
      'createUser',
      'deleteApiKey',
      'deleteUser',
      'endSession',
      'importApiKeys',
      'renewSession',
      'rotateApiKey',
      'updateApiKey',
      'updateCompany',
      'updateRotation',
      'updateUser',
    ])
  })

  test.each(changing)('%s is not made by a credential that is revoked before it', async (id, { method }) => {
    const { path, body, headers } = await examples[id]()
    const { credential, actorId, revoke, restore } =
      headers === undefined ? await freshKey() : await ownSession(headers)
    const { companyId } = server.admin
    const held = await holdCompanyRow(server, companyId)
    const revoked = revoke()
    await held.untilWaiting(1)
    const answered = server.call({ method, path, key: null, headers: credential, body })
    await held.untilWaiting(2)
    await held.release()
    expect((await revoked).status).toBeLessThan(300)
    const before = await actionsBy(companyId, actorId)
    expect(await answered).toMatchObject({ status: 401, headers: { 'www-authenticate': expect.any(String) } })
    expect(await actionsBy(companyId, actorId)).toEqual(before)
    await restore()
  })

  test('is made by one that is not', async () => {
    const { credential, actorId } = await freshKey()
    const held = await holdCompanyRow(server, server.admin.companyId)
    const body = { name: 'Grace', role: 'viewer' }
    const answered = server.call({ method: 'POST', path: '/users', key: null, headers: credential, body })
    await held.untilWaiting(1)
    await held.release()
    expect((await answered).status).toBe(201)
    expect(await actionsBy(server.admin.companyId, actorId)).toEqual(['user.created'])
  })

  test.each<[string, 'PATCH' | 'POST', string, object, string]>([
    ['its key was narrowed', 'PATCH', '', { permissions: ['keys:list'] }, 'missing_permission'],
    ['its secret was replaced', 'POST', '/rotation', { overlapSeconds: 0 }, 'key_inactive'],
  ])('is not made when %s before it', async (_what, method, path, body, code) => {
    const { credential, actorId } = await freshKey()
    const held = await holdCompanyRow(server, server.admin.companyId)
    const lessened = server.call({ method, path: `/keys/${actorId}${path}`, body })
    await held.untilWaiting(1)
    const asked = { method: 'POST', path: '/users', body: { name: 'Grace', role: 'viewer' } } as const
    const answered = server.call({ ...asked, key: null, headers: credential })
    await held.untilWaiting(2)
    await held.release()
    expect((await lessened).status).toBeLessThan(300)
    expect((await answered).body.code).toBe(code)
    expect(await actionsBy(server.admin.companyId, actorId)).toEqual([])
  })

  async function freshKey() {
    const { id, key } = await expectCreated(server, { path: '/keys', body: { userId: server.admin.userId } })
    const revoke = () => server.call({ method: 'DELETE', path: `/keys/${id}` })
    return {
      credential: { 'x-api-key': key as string },
      actorId: id as string,
      revoke,
      restore: async () => {},
    }
  }

  /** Deactivated and activated again: whatever its session asked for before is over, and it is there for the next. */
  async function ownSession(credential: Credential) {
    const me = await server.call({ path: '/me', key: null, headers: credential })
    const { userId } = me.body
    const setStatus = (status: string) =>
      server.call({ method: 'PATCH', path: `/users/${userId}`, body: { status } })
    const actorId = me.body.credential.id as string
    const restore = async () => void (await setStatus('active'))
    return { credential, actorId, revoke: () => setStatus('inactive'), restore }
  }
})

/** Take no row: what they answer is judged when it is given. */
const READING = new Set<OperationId>([
  'verifyApiKey',
  'verifyApiKeys',
  'createShortLivedToken',
  'previewAllowlist',
  'getKeyRecord',
  'followChanges',
  'reportUsage',
])

/** A request whose body is there but for the last byte. */
function withHeldBody(method: 'POST' | 'PATCH', path: string, credential: Credential, body: unknown) {
  const text = Buffer.from(JSON.stringify(body))
  const admitted = Promise.withResolvers<void>()
  const payload = new Readable({ read: () => admitted.resolve() })
  payload.push(text.subarray(0, -1))
  const answered = ask(server.app, {
    method,
    url: path,
    remoteAddress: '127.0.0.1',
    headers: { ...credential, 'content-type': 'application/json', 'content-length': String(text.length) },
    payload,
  })
  return {
    admitted: admitted.promise,
    /** Sends the last byte. */
    async finish() {
      payload.push(text.subarray(-1))
      payload.push(null)
      const { statusCode, body } = await answered
      return { status: statusCode, body: JSON.parse(body) }
    },
  }
}

/** Who asks, in a company of its own; and the owner of it, who revokes. */
type Scene = {
  readonly company: TestCompany
  readonly credential: Credential
  /** As the audit log names it. */
  readonly actorId: string
}

const asOwner = ({ company }: Scene, method: 'PATCH' | 'DELETE' | 'POST', path: string, body?: unknown) =>
  server.call({ method, path, key: company.users.owner.key, ...(body === undefined ? {} : { body }) })

const CREDENTIALS: Readonly<Record<string, (company: TestCompany) => Promise<Omit<Scene, 'company'>>>> = {
  'a key': async ({ users: { admin } }) => ({ credential: { 'x-api-key': admin.key }, actorId: admin.keyId }),
  'an access token': async ({ users: { admin } }) => ({
    credential: bearer(await accessToken(server, { id: admin.keyId, key: admin.key })),
    actorId: admin.keyId,
  }),
  'a session': async (company) => sessionOf(company, (token) => Promise.resolve(token)),
  'a short-lived token of a session': async (company) =>
    sessionOf(company, (token) => shortLivedToken(server, token, ['keys:*', 'users:*', 'audit:*'])),
}

async function sessionOf(company: TestCompany, derive: (token: string) => Promise<string>) {
  const email = await givePassword(server, company.users.admin.id, { 'x-company-id': company.id })
  const token = await sessionToken(server, email)
  const me = await server.call({ path: '/me', key: null, headers: bearer(token) })
  return {
    credential: bearer(await derive(token)),
    actorId: me.body.credential.id as string,
  }
}

type Revocation = {
  readonly of: (credential: string) => boolean
  readonly revoke: (scene: Scene) => Promise<{ readonly status: number }>
  readonly refusal: readonly [status: number, code: string]
}

const always = () => true
const ofKey = (credential: string) => credential === 'a key' || credential === 'an access token'

const REVOCATIONS: Readonly<Record<string, Revocation>> = {
  'its key was deleted': {
    of: ofKey,
    revoke: (scene) => asOwner(scene, 'DELETE', `/keys/${scene.company.users.admin.keyId}`),
    refusal: [401, 'key_inactive'],
  },
  'its key was disabled': {
    of: ofKey,
    revoke: (scene) =>
      asOwner(scene, 'PATCH', `/keys/${scene.company.users.admin.keyId}`, { enabled: false }),
    refusal: [401, 'key_inactive'],
  },
  'its key was narrowed': {
    of: ofKey,
    revoke: (scene) =>
      asOwner(scene, 'PATCH', `/keys/${scene.company.users.admin.keyId}`, { permissions: ['keys:list'] }),
    refusal: [403, 'missing_permission'],
  },
  'its key was restricted to other addresses': {
    of: ofKey,
    revoke: (scene) =>
      asOwner(scene, 'PATCH', `/keys/${scene.company.users.admin.keyId}`, { whitelistedIPs: ['192.0.2.1'] }),
    refusal: [403, 'ip_not_allowed'],
  },
  'its user was deactivated': {
    of: always,
    revoke: (scene) =>
      asOwner(scene, 'PATCH', `/users/${scene.company.users.admin.id}`, { status: 'inactive' }),
    refusal: [401, 'user_inactive'],
  },
  'its user was demoted': {
    of: always,
    revoke: (scene) => asOwner(scene, 'PATCH', `/users/${scene.company.users.admin.id}`, { role: 'viewer' }),
    refusal: [403, 'missing_permission'],
  },
  'its company was deactivated': {
    of: always,
    revoke: ({ company }) =>
      server.call({ method: 'PATCH', path: `/companies/${company.id}`, body: { status: 'inactive' } }),
    refusal: [401, 'company_inactive'],
  },
  'the password of its user was set': {
    of: (credential) => !ofKey(credential),
    revoke: async ({ company }) => {
      await givePassword(server, company.users.admin.id, { 'x-company-id': company.id })
      return { status: 200 }
    },
    refusal: [401, 'token_expired'],
  },
}

const pairs = Object.keys(CREDENTIALS).flatMap((credential) =>
  Object.entries(REVOCATIONS)
    .filter(([, { of }]) => of(credential))
    .map(([revocation]) => [credential, revocation] as const),
)

/** What is asked for while the body is held; the change is one that the company's admin may make. */
const REQUESTS = [
  ['POST', '/keys', ({ users }: TestCompany) => ({ userId: users.developer.id, permissions: ['keys:list'] })],
  ['POST', '/users', () => ({ name: 'Grace', role: 'viewer' })],
  ['PATCH', 'own user', () => ({ status: 'active', name: 'Ada' })],
  ['POST', '/verify', ({ users }: TestCompany) => ({ key: users.viewer.key })],
  ['POST', '/verify/batch', ({ users }: TestCompany) => ({ keys: [{ key: users.viewer.key }] })],
] as const

describe('a request whose body is still to come', () => {
  test.each(pairs)('%s does nothing once %s', async (credential, revocation) => {
    const company = await createTestCompany(server)
    const scene: Scene = { company, ...(await CREDENTIALS[credential]!(company)) }
    const held = REQUESTS.map(([method, path, bodyOf]) =>
      withHeldBody(
        method,
        path === 'own user' ? `/users/${company.users.admin.id}` : path,
        scene.credential,
        bodyOf(company),
      ),
    )
    await Promise.all(held.map(({ admitted }) => admitted))
    const { revoke, refusal } = REVOCATIONS[revocation]!
    expect((await revoke(scene)).status).toBeLessThan(300)
    const before = await actionsBy(company.id, scene.actorId)
    for (const { finish } of held) {
      const { status, body } = await finish()
      expect([status, body.code]).toEqual(refusal)
    }
    expect(await actionsBy(company.id, scene.actorId)).toEqual(before)
  })

  test.each(Object.keys(CREDENTIALS))('%s does it as long as nothing was revoked', async (credential) => {
    const company = await createTestCompany(server)
    const scene = { company, ...(await CREDENTIALS[credential]!(company)) }
    const held = REQUESTS.map(([method, path, bodyOf]) =>
      withHeldBody(
        method,
        path === 'own user' ? `/users/${company.users.admin.id}` : path,
        scene.credential,
        bodyOf(company),
      ),
    )
    await Promise.all(held.map(({ admitted }) => admitted))
    for (const { finish } of held) expect((await finish()).status).toBeLessThan(300)
    expect(await actionsBy(company.id, scene.actorId)).toContain('key.created')
  })

  test('an operator does nothing in another company once its own key is deleted', async () => {
    const company = await createTestCompany(server)
    const own = await expectCreated(server, { path: '/keys', body: { userId: server.admin.userId } })
    const headers = { 'x-api-key': own.key as string, 'x-company-id': company.id }
    const held = withHeldBody('POST', '/users', headers, { name: 'Grace', role: 'owner' })
    await held.admitted
    expect((await server.call({ method: 'DELETE', path: `/keys/${own.id}` })).status).toBe(204)
    expect((await held.finish()).body.code).toBe('key_inactive')
    expect(await actionsBy(company.id, own.id)).toEqual([])
  })

  test('a creation is not replayed to a key that was deleted', async () => {
    const company = await createTestCompany(server)
    const { admin, developer } = company.users
    const headers = { 'x-api-key': admin.key, 'idempotency-key': 'once' }
    const body = { userId: developer.id }
    expect((await server.call({ method: 'POST', path: '/keys', key: null, headers, body })).status).toBe(201)
    const held = withHeldBody('POST', '/keys', headers, body)
    await held.admitted
    await server.call({ method: 'DELETE', path: `/keys/${admin.keyId}`, key: company.users.owner.key })
    const replayed = await held.finish()
    expect(replayed.body.code).toBe('key_inactive')
    expect(JSON.stringify(replayed.body)).not.toContain('lk_live_')
  })
})
