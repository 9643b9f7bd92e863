/** However much one company asks for, what makes a credential stop is done before it, from the same address too. */
import { beforeAll, expect, test } from 'vitest'
import {
  createTestCompany,
  expectCreated,
  type Parsed,
  type TestCompany,
  type TestRequest,
  useTestServer,
} from '../harness.ts'
import { bearer, givePassword, sessionToken } from '../tokens/issued-token.ts'

const FLOOD = 600

const server = useTestServer()
let busy: TestCompany

beforeAll(async () => {
  busy = await createTestCompany(server)
})

const newKey = (): Promise<Parsed> =>
  expectCreated(server, { path: '/keys', body: { userId: server.admin.userId } })
async function rotatedKey(): Promise<string> {
  const { id } = await newKey()
  await expectCreated(server, { path: `/keys/${id}/rotation`, body: {} })
  return id
}
const newUser = (): Promise<Parsed> =>
  expectCreated(server, { path: '/users', body: { name: 'Ada', role: 'developer' } })

const revocations: readonly (readonly [string, () => Promise<TestRequest>])[] = [
  ['deleting a key', async () => ({ method: 'DELETE', path: `/keys/${(await newKey()).id}` })],
  [
    'disabling a key',
    async () => ({ method: 'PATCH', path: `/keys/${(await newKey()).id}`, body: { enabled: false } }),
  ],
  [
    'restricting a key',
    async () => ({
      method: 'PATCH',
      path: `/keys/${(await newKey()).id}`,
      body: { whitelistedIPs: ['192.0.2.1'] },
    }),
  ],
  [
    'giving a key a new secret in place of the old one',
    async () => ({
      method: 'POST',
      path: `/keys/${(await newKey()).id}/rotation`,
      body: { overlapSeconds: 0 },
    }),
  ],
  [
    'ending a secret that was replaced',
    async () => ({
      method: 'PATCH',
      path: `/keys/${await rotatedKey()}/rotation`,
      body: { previousEndsAt: '2026-01-01T00:00:00Z' },
    }),
  ],
  ['cancelling a rotation', async () => ({ method: 'DELETE', path: `/keys/${await rotatedKey()}/rotation` })],
  [
    'deactivating a user',
    async () => ({ method: 'PATCH', path: `/users/${(await newUser()).id}`, body: { status: 'inactive' } }),
  ],
  [
    'demoting a user',
    async () => ({ method: 'PATCH', path: `/users/${(await newUser()).id}`, body: { role: 'viewer' } }),
  ],
  [
    'deactivating a company',
    async () => ({
      method: 'PATCH',
      path: `/companies/${(await createTestCompany(server)).id}`,
      body: { status: 'inactive' },
    }),
  ],
  [
    'signing out',
    async () => {
      const token = await sessionToken(server, await givePassword(server, (await newUser()).id))
      return { method: 'DELETE', path: '/auth/token', key: null, headers: bearer(token) }
    },
  ],
]

/** What a flood is made of: reads that are begun one after the other, and never answered from memory. */
const wanted = (): TestRequest => ({ path: `/keys/${busy.users.admin.keyId}`, key: busy.users.admin.key })

test.each(revocations)('%s passes a flood of reads', async (_, make) => {
  const request = await make()
  let answered = 0
  const flood = Array.from({ length: FLOOD }, () => server.call(wanted()).then(() => (answered += 1)))
  const answer = await server.call(request)
  const before = answered
  await Promise.all(flood)
  expect([200, 201, 204]).toContain(answer.status)
  expect(before).toBeLessThan(FLOOD / 2)
})
