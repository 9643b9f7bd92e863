/** From where a deleted user's keys were used is gone, whenever and by whichever server it was to be written. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { expectCreated, type JoinedServer, type Parsed, useTestServer } from '../harness.ts'
import { insertStoredKeys } from '../stored-keys.ts'

const USED_FROM = '203.0.113.77'
const REFUSED_FROM = '198.51.100.78'
const OTHER_KEYS = 250

const server = useTestServer()
/** Another one on the same store: what it counted it writes when it is told to. */
let other: JoinedServer
let user: Parsed
let key: Parsed

beforeAll(async () => {
  other = await server.join()
})
afterAll(() => other.dispose())
beforeEach(async () => {
  user = await expectCreated(server, { path: '/users', body: { name: 'Ada', role: 'developer' } })
  key = await expectCreated(server, {
    path: '/keys',
    body: { userId: user.id, whitelistedIPs: [USED_FROM] },
  })
})

async function removeUser(): Promise<void> {
  expect((await server.call({ method: 'DELETE', path: `/keys/${key.id}` })).status).toBe(204)
  expect((await server.call({ method: 'DELETE', path: `/users/${user.id}` })).status).toBe(204)
}

const use = (by: Pick<JoinedServer, 'call'>, secret: string, from: string) =>
  by.call({ path: '/me', key: secret, from })

/** All that is written of uses, of whichever key. */
async function writtenUses(): Promise<string> {
  const rows: unknown[] = []
  for (const table of ['key_usage', 'usage_keys', 'usage_networks', 'secrets'] as const) {
    rows.push(await server.services.engine.read((db) => db.selectFrom(table).selectAll().execute()))
  }
  return JSON.stringify(rows, (_, value) => (typeof value === 'bigint' ? String(value) : value))
}

/** Accepted by both of its secrets, and refused for its list. */
async function useEach(by: Pick<JoinedServer, 'call'>): Promise<void> {
  const { body } = await server.call({ method: 'POST', path: `/keys/${key.id}/rotation`, body: {} })
  for (const secret of [key.key, body.key]) expect((await use(by, secret, USED_FROM)).status).toBe(200)
  expect((await use(by, body.key, REFUSED_FROM)).status).toBe(403)
}

test('what another server writes late brings no address back', async () => {
  await useEach(other)
  await removeUser()
  await other.services.usage.flush()
  const written = await writtenUses()
  expect(written).not.toContain(USED_FROM)
  expect(written).not.toContain(REFUSED_FROM)
  const { days } = (await server.call({ path: `/keys/${key.id}/usage` })).body
  expect(days[0].counts).toMatchObject({ VALID: 2, IP_NOT_ALLOWED: 1 })
})

test('it is written of a key that was only deleted', async () => {
  await useEach(other)
  await server.call({ method: 'DELETE', path: `/keys/${key.id}` })
  await other.services.usage.flush()
  const written = await writtenUses()
  expect(written.split(`"${USED_FROM}"`).length - 1).toBe(4)
  expect(written.split(`"${REFUSED_FROM}"`).length - 1).toBe(3)
  expect((await server.call({ method: 'DELETE', path: `/users/${user.id}` })).status).toBe(204)
  expect(await writtenUses()).not.toContain(USED_FROM)
})

test('an old key that is tried again is counted, and nobody is told from where', async () => {
  await removeUser()
  expect((await use(server, key.key, REFUSED_FROM)).status).toBe(401)
  await server.services.usage.flush()
  expect(await writtenUses()).not.toContain(REFUSED_FROM)
  expect((await server.call({ path: `/keys/${key.id}` })).body).toMatchObject({
    lastRefusedCode: 'INACTIVE',
    lastRefusedAddress: null,
  })
})

test('what is written while very many keys are being erased is gone at the end', async () => {
  await useEach(other)
  const keys = Array.from({ length: OTHER_KEYS }, () => ({ status: 'inactive', is_enabled: 0 }) as const)
  await insertStoredKeys(server.services, { companyId: user.companyId, userId: user.id, keys })
  expect((await server.call({ method: 'DELETE', path: `/keys/${key.id}` })).status).toBe(204)
  const { engine } = server.services
  const write = engine.write
  let writes = 0
  engine.write = async (work, turn) => {
    const answer = await write(work, turn)
    if (turn?.party === user.companyId) {
      writes += 1
      if (writes === 1) await other.services.usage.flush()
    }
    return answer
  }
  try {
    expect((await server.call({ method: 'DELETE', path: `/users/${user.id}` })).status).toBe(204)
  } finally {
    engine.write = write
  }
  expect(writes).toBeGreaterThan(1)
  const written = await writtenUses()
  expect(written).not.toContain(USED_FROM)
  expect(written).not.toContain(REFUSED_FROM)
})
