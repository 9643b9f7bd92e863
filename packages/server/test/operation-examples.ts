import type { OperationId } from '@latchkey/contract/operations'
import { RESERVED } from '@latchkey/core/permission'
import { expectCreated, type Parsed, type TestService } from './harness.ts'

/** A valid request to an operation: what a test changes one thing of. */
export type Example = {
  readonly path: string
  readonly body?: Readonly<Record<string, unknown>> | undefined
  readonly text?: string
  readonly key?: string | null
  readonly headers?: Readonly<Record<string, string>>
}

export type Examples = Readonly<Record<OperationId, () => Example | Promise<Example>>> & {
  /** A key that has every permission of this deployment but one. */
  keyWithout(permission: string): Promise<string>
}

/** Of this service's own. */
export const EVERY_PERMISSION = Object.entries(RESERVED).flatMap(([area, actions]) =>
  actions.map((action) => `${area}:${action}`),
)

const moment = '2026-01-01T00:00:00Z'
const username = 'ada@example.com'
const password = 'correct horse battery staple'

/** What examples are made of, each of them new. */
function createMakers(server: TestService) {
  const { userId } = server.admin
  let count = 0
  const unique = (text: string) => `${text}-${++count}`
  const newKey = (fields: object = {}): Promise<Parsed> =>
    expectCreated(server, { path: '/keys', body: { userId, ...fields } })
  const newUser = (fields: object = {}): Promise<Parsed> =>
    expectCreated(server, { path: '/users', body: { name: 'Ada', role: 'viewer', ...fields } })
  const newCompany = (): Promise<Parsed> =>
    expectCreated(server, { path: '/companies', body: { name: 'Acme' } })
  async function newInvitation(email: string): Promise<string> {
    const user = await newUser({ email })
    return (await expectCreated(server, { path: `/users/${user.id}/invitation` })).token
  }
  async function inSession(): Promise<Omit<Example, 'path'>> {
    const body = { username, password }
    const answer = await server.call({ method: 'POST', path: '/auth/token', key: null, body })
    return { key: null, headers: { authorization: `Bearer ${answer.body.token}` } }
  }
  async function newRotation(): Promise<Parsed> {
    const { id } = await newKey()
    return expectCreated(server, { path: `/keys/${id}/rotation`, body: {} })
  }
  return { unique, newKey, newRotation, newUser, newCompany, newInvitation, inSession }
}

const keyExamples = ({ unique, newKey, newRotation }: ReturnType<typeof createMakers>, userId: string) => ({
  listApiKeys: () => ({ path: '/keys' }),
  createApiKey: () => ({ path: '/keys', body: { userId } }),
  getApiKey: async () => ({ path: `/keys/${(await newKey()).id}` }),
  updateApiKey: async () => ({ path: `/keys/${(await newKey()).id}`, body: { description: unique('ci') } }),
  deleteApiKey: async () => ({ path: `/keys/${(await newKey()).id}` }),
  rotateApiKey: async () => ({
    path: `/keys/${(await newKey()).id}/rotation`,
    body: { overlapSeconds: 60 },
  }),
  updateRotation: async () => ({
    path: `/keys/${(await newRotation()).id}/rotation`,
    body: { previousEndsAt: '2026-01-01T00:00:00Z' },
  }),
  importApiKeys: () => ({
    path: '/keys/import',
    body: { user: userId, keys: [{ key: unique('shop_9fK2mQx7LrTb4WzY8dVnHc3J') }] },
  }),
  cancelRotation: async () => ({ path: `/keys/${(await newRotation()).id}/rotation` }),
})

const verifierExamples = ({ unique, newKey }: ReturnType<typeof createMakers>) => ({
  getKeyRecord: async () => ({ path: '/verify/record', body: { key: (await newKey()).key } }),
  followChanges: () => ({
    path: '/changes',
    body: { verifier: unique('verifier-of-a-test'), epoch: null, after: null, hold: 0, nonce: 'n' },
  }),
  reportUsage: () => ({
    path: '/usage/reports',
    body: { reportId: unique('report-of-a-test'), from: moment, to: moment, now: moment, uses: [] },
  }),
})

/** One valid request for each operation; each call of a function makes what its request needs anew. */
export async function createExamples(server: TestService): Promise<Examples> {
  const { userId, companyId } = server.admin
  const makers = createMakers(server)
  const { unique, newKey, newUser, newCompany, newInvitation, inSession } = makers
  const token = await newInvitation(username)
  await server.call({ method: 'POST', path: '/auth/password', key: null, body: { token, password } })

  const examples = {
    ...keyExamples(makers, userId),
    verifyApiKey: async () => ({ path: '/verify', body: { key: (await newKey()).key } }),
    verifyApiKeys: async () => ({ path: '/verify/batch', body: { keys: [{ key: (await newKey()).key }] } }),
    ...verifierExamples(makers),
    getKeyUsage: async () => ({ path: `/keys/${(await newKey()).id}/usage` }),
    previewAllowlist: async () => ({
      path: `/keys/${(await newKey()).id}/allowlist-preview`,
      body: { whitelistedIPs: ['192.0.2.7'] },
    }),
    listUsage: () => ({ path: '/usage' }),
    getMe: () => ({ path: '/me' }),
    createSession: () => ({ path: '/auth/token', key: null, body: { username, password } }),
    renewSession: async () => ({ path: '/auth/token', ...(await inSession()) }),
    endSession: async () => ({ path: '/auth/token', ...(await inSession()) }),
    createShortLivedToken: () => ({ path: '/auth/token/short-lived', body: { permissions: ['keys:list'] } }),
    setPassword: async () => ({
      path: '/auth/password',
      key: null,
      body: { token: await newInvitation(`${unique('user')}@example.com`), password },
    }),
    listUsers: () => ({ path: '/users' }),
    createUser: () => ({ path: '/users', body: { name: 'Ada', role: 'developer' } }),
    getUser: () => ({ path: `/users/${userId}` }),
    updateUser: async () => ({ path: `/users/${(await newUser()).id}`, body: { name: unique('Ada') } }),
    deleteUser: async () => ({ path: `/users/${(await newUser()).id}` }),
    createInvitation: async () => ({
      path: `/users/${(await newUser({ email: `${unique('user')}@example.com` })).id}/invitation`,
    }),
    listCompanies: () => ({ path: '/companies' }),
    createCompany: () => ({ path: '/companies', body: { name: unique('Acme') } }),
    getCompany: () => ({ path: `/companies/${companyId}` }),
    updateCompany: async () => ({
      path: `/companies/${(await newCompany()).id}`,
      body: { name: unique('Acme') },
    }),
    listAuditEvents: () => ({ path: '/audit' }),
    getHealth: () => ({ path: '/healthz', key: null }),
    getReadiness: () => ({ path: '/readyz', key: null }),
  } satisfies Record<OperationId, () => Example | Promise<Example>>

  const narrowed = new Map<string, Promise<Parsed>>()
  return {
    ...examples,
    async keyWithout(permission) {
      const permissions = EVERY_PERMISSION.filter((name) => name !== permission)
      const made = narrowed.get(permission) ?? newKey({ permissions })
      narrowed.set(permission, made)
      return (await made).key
    },
  }
}
