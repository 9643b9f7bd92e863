import type { AnswerOf, BodyOf, OperationId, QueryOf } from '@latchkey/contract/operations'
import { operations } from '@latchkey/contract/operations'
import type { Operation } from '@latchkey/contract/operations/operation'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Call, Latchkey, type Operations } from '../src/index.ts'
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts'

type Frozen<T> = T extends object ? { readonly [Name in keyof T]: Frozen<T[Name]> } : T
/** Whether each of two types admits what the other does, and no more. Lists may be changed or not: that is left aside. */
type Same<One, Other> = [Frozen<One>, Frozen<Other>] extends [Frozen<Other>, Frozen<One>] ? true : false

/** Does not compile when what is printed is not what the schemas say. */
const SAME_BOTH_WAYS: {
  readonly [Id in OperationId]: readonly [
    Same<QueryOf<Id>, Operations[Id]['query']>,
    Same<BodyOf<Id>, Operations[Id]['body']>,
    Same<AnswerOf<Id>, Operations[Id]['answer']>,
  ]
} extends Readonly<Record<OperationId, readonly [true, true, true]>>
  ? true
  : false = true

const MOMENTS = { from: '2026-01-01T00:00:00Z', to: '2026-01-01T00:00:00Z', now: '2026-01-01T00:00:00Z' }

type Asked<T> = { withResponse(): ReturnType<Call<T>['withResponse']> }

/** Each operation of the contract, as an application calls it: an operation without a method does not compile. */
const METHODS: { readonly [Id in OperationId]: (client: Latchkey) => Asked<Operations[Id]['answer']> } = {
  listApiKeys: ({ keys }) => keys.list({ limit: 2 }).page(),
  createApiKey: ({ keys }) => keys.create({ userId: 'u' }),
  getApiKey: ({ keys }) => keys.get('id'),
  updateApiKey: ({ keys }) => keys.update('id', { enabled: false }),
  deleteApiKey: ({ keys }) => keys.delete('id'),
  rotateApiKey: ({ keys }) => keys.rotate('id'),
  updateRotation: ({ keys }) => keys.updateRotation('id', { previousEndsAt: '2026-01-01T00:00:00Z' }),
  cancelRotation: ({ keys }) => keys.cancelRotation('id'),
  importApiKeys: ({ keys }) => keys.importAll({ user: 'u', keys: [{ key: 'k' }] }),
  verifyApiKey: (client) => client.verify({ key: 'k' }),
  verifyApiKeys: (client) => client.verifyBatch([{ key: 'k' }]),
  getKeyRecord: (client) => client.keyRecord({ key: 'k' }),
  followChanges: (client) =>
    client.changes({ verifier: 'v'.repeat(16), epoch: null, after: null, hold: 0, nonce: 'n' }),
  reportUsage: (client) => client.reportUsage({ reportId: 'r'.repeat(16), ...MOMENTS, uses: [] }),
  getKeyUsage: ({ keys }) => keys.usage('id', { from: '2026-11-01' }),
  previewAllowlist: ({ keys }) => keys.previewAllowlist('id', { whitelistedIPs: null }),
  listUsage: (client) => client.usage({ limit: 2 }),
  getMe: (client) => client.me(),
  createSession: ({ auth }) => auth.signIn({ username: 'a', password: 'b' }),
  renewSession: ({ auth }) => auth.renew(),
  endSession: ({ auth }) => auth.signOut(),
  createShortLivedToken: ({ auth }) => auth.shortLivedToken({ permissions: ['a:b'] }),
  setPassword: ({ auth }) => auth.setPassword({ token: 't', password: 'p' }),
  listUsers: ({ users }) => users.list({ limit: 2 }).page(),
  createUser: ({ users }) => users.create({ name: 'n', role: 'viewer' }),
  getUser: ({ users }) => users.get('id'),
  updateUser: ({ users }) => users.update('id', { name: 'n' }),
  deleteUser: ({ users }) => users.delete('id'),
  createInvitation: ({ users }) => users.invite('id'),
  listCompanies: ({ companies }) => companies.list({ limit: 2 }).page(),
  createCompany: ({ companies }) => companies.create({ name: 'n' }),
  getCompany: ({ companies }) => companies.get('id'),
  updateCompany: ({ companies }) => companies.update('id', { name: 'n' }),
  listAuditEvents: ({ audit }) => audit.list({ limit: 2 }).page(),
  getHealth: (client) => client.health(),
  getReadiness: (client) => client.readiness(),
}

let server: ScriptedServer

beforeAll(async () => {
  server = await startScriptedServer([{ status: 200, body: { valid: false, code: 'NOT_FOUND' } }])
})
afterAll(() => server.close())

test('what is printed is what the schemas say', () => {
  expect(SAME_BOTH_WAYS).toBe(true)
})

test.each(Object.keys(METHODS) as OperationId[])('%s is asked for where the contract has it', async (id) => {
  const row: Operation = operations[id]
  const answer = await METHODS[id](new Latchkey({ url: server.url, key: 'lk_live_x' })).withResponse()
  const request = server.received.at(-1)!
  const query = row.query === undefined ? '' : id === 'getKeyUsage' ? '?from=2026-11-01' : '?limit=2'
  expect(answer.response.status).toBe(200)
  expect(`${request.method} ${request.path}`).toBe(
    `${row.method} ${row.path.replace(/\{\w+\}/, 'id')}${query}`,
  )
  expect(request.headers['x-api-key']).toBe(row.authentication === 'none' ? undefined : 'lk_live_x')
  expect(request.headers['idempotency-key'] !== undefined).toBe(row.isIdempotent === true)
  expect(request.body !== '').toBe(row.body !== undefined)
})
