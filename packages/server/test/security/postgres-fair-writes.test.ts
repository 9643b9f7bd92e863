/** One company whose row is held, and that writes as much as it can, keeps nobody else waiting. */
import { beforeAll, expect, test } from 'vitest'
import { createTestCompany, expectCreated, type TestCompany, useTestServer } from '../harness.ts'
import { holdCompanyRow } from '../held-rows.ts'

const FLOOD = 200

const server = useTestServer()
let busy: TestCompany
let quiet: TestCompany

beforeAll(async () => {
  ;[busy, quiet] = [await createTestCompany(server), await createTestCompany(server)]
})

const create = ({ users }: TestCompany) => ({
  method: 'POST' as const,
  path: '/keys',
  key: users.admin.key,
  body: { userId: users.admin.id },
})

test('while its row is held others change, list and revoke, and the service is ready', async () => {
  const doomed = await expectCreated(server, create(quiet))
  const held = await holdCompanyRow(server, busy.id)
  let isFloodOver = false
  const flood = Promise.all(Array.from({ length: FLOOD }, () => server.call(create(busy)))).finally(() => {
    isFloodOver = true
  })
  await held.untilWaiting(2)
  const own = server.call({
    method: 'DELETE',
    path: `/keys/${busy.users.viewer.keyId}`,
    key: busy.users.admin.key,
  })
  await held.untilWaiting(3)
  const { admin } = quiet.users
  for (const [request, status] of [
    [create(quiet), 201],
    [{ path: '/keys', key: admin.key }, 200],
    [{ method: 'DELETE', path: `/keys/${doomed.id}`, key: admin.key }, 204],
    [{ path: '/readyz', key: null }, 200],
    [{ path: '/keys', key: busy.users.viewer.key }, 200],
    [{ path: '/companies' }, 200],
  ] as const) {
    expect((await server.call(request)).status, JSON.stringify(request)).toBe(status)
  }
  expect(isFloodOver).toBe(false)
  await held.release()
  expect((await own).status).toBe(204)
  // On a slow machine some of the flood have waited for too long.
  expect(new Set([201, 503]).isSupersetOf(new Set((await flood).map(({ status }) => status)))).toBe(true)
})
