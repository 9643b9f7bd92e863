/** A short-lived token is asked for with permissions: what is none is told, and what is not held is not given. */
import { beforeAll, describe, expect, test } from 'vitest'
import { expectProblem } from '../answer-checks.ts'
import { expectCreated, type Parsed, useTestServer } from '../harness.ts'
import { bearer } from './issued-token.ts'

const server = useTestServer()
let key: Parsed

beforeAll(async () => {
  const permissions = ['keys:list', 'orders:read', 'invoices:*']
  key = await expectCreated(server, { path: '/keys', body: { userId: server.admin.userId, permissions } })
})

const ask = (permissions: readonly unknown[], credential: string = key.key) =>
  server.call({
    method: 'POST',
    path: '/auth/token/short-lived',
    key: credential,
    body: { permissions },
  })

describe('what is no permission is a 400 at its place', () => {
  test.each([
    'orders',
    'orders:',
    ':read',
    ':',
    '',
    ' orders:read',
    'Orders:read',
    'orders:Read',
    'orders:read:all',
    'orders:re ad',
    'orders/read',
    'ord*:read',
    'orders:re*',
    '**',
    '*:read',
    '*:*',
    'keys:frobnicate',
    'keys:verify:all',
    `orders:${'r'.repeat(65)}`,
    'bestellungen:größe',
  ])('%j', async (permission) => {
    const answer = await ask(['orders:read', permission])
    expectProblem(answer, { code: 'invalid_field', pointer: '/permissions/1' })
    // Nor for who may everything.
    expectProblem(await ask([permission], server.adminKey), {
      code: 'invalid_field',
      pointer: '/permissions/0',
    })
  })

  test('each of several', async () => {
    const { errors } = expectProblem(await ask(['orders', 'orders:read', 'Keys:list']), 'invalid_field')
    expect(errors?.map(({ pointer }: Parsed) => pointer)).toEqual(['/permissions/0', '/permissions/2'])
  })
})

describe('what is not held is a 403 that names it', () => {
  test.each(['keys:read', 'keys:*', 'orders:write', 'orders:*', 'companies:list', 'companies:*', '*'])(
    '%s',
    async (permission) => {
      const { detail } = expectProblem(await ask(['orders:read', permission]), 'permission_escalation')
      expect(detail).toContain(permission)
    },
  )
})

describe('what is held is given, and no more', () => {
  test.each<readonly [readonly string[]]>([
    [['orders:read']],
    [['keys:list', 'orders:read']],
    [['invoices:read']],
    [['invoices:*']],
  ])('%j', async (permissions) => {
    const { token } = (await ask(permissions)).body
    const { body } = await server.call({ path: '/me', key: null, headers: bearer(token) })
    expect(body.permissions).toEqual(permissions)
  })
})
