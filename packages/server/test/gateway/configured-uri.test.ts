/** What stands in a gateway's configured URI is the operator's, and a mistake in it opens nothing. */
import { beforeAll, describe, expect, test } from 'vitest'
import { expectProblem } from '../answer-checks.ts'
import { expectCreated, type Parsed, useTestServer } from '../harness.ts'
import { sendOverWire, type WireAnswer } from './recorded-request.ts'
import { denied, expectEveryHeader, verdictOf } from './verdict-checks.ts'

const CLIENT = '198.51.100.7'
const STRANGER = '192.0.2.99'

const server = useTestServer({ LATCHKEY_TRUSTED_PROXIES: '127.0.0.1/32' })
let port: number
/** May do orders:read, and nothing else. */
let reader: Parsed

beforeAll(async () => {
  port = (await server.app.listen({ port: 0, host: '127.0.0.1' })).port
  const body = { userId: server.admin.userId, permissions: ['orders:read'] }
  reader = await expectCreated(server, { path: '/keys', body })
})

/** As a gateway asks for a client that may read orders; bytes of the path as they are written. */
function ask(path: string, key: string = reader.key): Promise<WireAnswer> {
  const headers = ['Host', 'localhost', 'X-Forwarded-For', CLIENT, 'X-API-KEY', key]
  return sendOverWire(port, { method: 'GET', path, headers })
}

function expectMistake(answer: WireAnswer, told: string): void {
  expect(answer.status).toBe(403)
  expect(verdictOf(answer)).toEqual(denied(403, 'missing_permission'))
  expectEveryHeader(answer)
  expect(JSON.parse(answer.text).detail).toContain(told)
}

/** Queries of a configured URI that must let nobody through, and what of them is named. */
const MISTAKES: readonly (readonly [query: string, told: string])[] = [
  ['?permissions=orders:write', '"permissions", which is not known: did you mean permission?'],
  ['?permisson=orders:write', '"permisson"'],
  ['?perm=orders:write', '"perm"'],
  ['?scope=orders:write', '"scope", which is not known: known are permission'],
  ['?Permission=orders:write', 'did you mean permission?'],
  ['?PERMISSION=orders:write', 'did you mean permission?'],
  ['?permission[]=orders:write', '"permission[]"'],
  ['?permission%5B%5D=orders:write', '"permission[]"'],
  ['?permission.0=orders:write', '"permission.0"'],
  ['?permission%20=orders:write', '"permission "'],
  ['?+permission=orders:write', '" permission"'],
  ['?permission%00=orders:write', '"permission\\u0000"'],
  ['?%2570ermission=orders:write', '"%70ermission"'],
  ['?gateway_token=x', 'did you mean gatewayToken?'],
  ['?orders:write', '"orders:write"'],
  ['?=orders:write', '""'],
  ['??permission=orders:read', '"?permission"'],
  ['?permission=orders:read&permissions=orders:write', '"permissions"'],
  ['?permissions=orders:write&permission=orders:read', '"permissions"'],
  ['?permission=orders:read&unknown', '"unknown"'],
  ['?permission=orders:read&unknown=', '"unknown"'],
  ['?permission', 'the permission ""'],
  ['?permission=', 'the permission ""'],
  ['?permission=orders:read&permission=', 'the permission ""'],
  ['?permission=orders:read;permission=orders:write', 'a permission of 35 characters'],
  ['?permission=orders:read;', '"orders:read;"'],
  ['?permission=orders:read,orders:write', '"orders:read,orders:write"'],
  ['?permission=orders:read+orders:write', '"orders:read orders:write"'],
  ['?permission=orders:read%26permission=orders:write', 'a permission of 35 characters'],
  ['?permission=orders:read?permission=orders:write', 'a permission of 35 characters'],
  ['?permission=orders:read%00', '"orders:read\\u0000"'],
  ['?permission=orders:read%0a', '"orders:read\\n"'],
  ['?permission=Orders:read', '"Orders:read"'],
  ['?permission=orders:*', '"orders:*"'],
  ['?permission=*', '"*"'],
  ['?permission=orders:read#permission=orders:write', 'a permission of 35 characters'],
  ['?#permission=orders:write', '"#permission"'],
  ['#?permission=orders:write', 'holds a #'],
  ['#permission=orders:write', 'holds a #'],
  ['#', 'holds a #'],
]

describe.each(['/gateway/check', '/gateway/check/', '/gateway/nginx', '/gateway/envoy'])('%s', (path) => {
  test.each(MISTAKES)('with %s lets nobody through, and names the mistake', async (query, told) => {
    for (const key of [reader.key, server.adminKey]) expectMistake(await ask(`${path}${query}`, key), told)
  })

  test.each([
    ['', 200],
    ['?', 200],
    ['?&', 200],
    ['?permission=orders:read', 200],
    ['?permission=orders%3Aread', 200],
    ['?%70ermission=orders:read', 200],
    ['?permission=orders:read&', 200],
    ['?&permission=orders:read', 200],
    ['?permission=orders:read&permission=orders:read', 200],
    ['?permission=orders:write', 403],
    ['?%70ermission=orders:write', 403],
    ['?permission=orders:read&permission=orders:write', 403],
    ['?permission=orders:write&permission=orders:read', 403],
  ])('with %s is checked as it says: %d', async (query, status) => {
    const answer = await ask(`${path}${query}`)
    expect(answer.status).toBe(status)
    if (status === 403) expect(JSON.parse(answer.text).detail).toContain('needs the permission orders:write')
    expect((await ask(`${path}${query}`, server.adminKey)).status).toBe(200)
  })
})

test('a path that is near one of these is none of them, and lets nobody through', async () => {
  for (const path of [
    '/gateway/check;permission=orders:write',
    '/gateway/check%3Fpermission=orders:write',
    '/gateway/check%23',
    '/gateway/check/orders?permission=orders:read',
    '/gateway/nginx/orders?permission=orders:read',
    '/gateway/envoy%3Fpermission=orders:write&path=/',
    '/gateway/Check',
    '//gateway/check',
    '/gateway',
    '/gateway/',
  ]) {
    expect((await ask(path)).status, path).toBe(404)
  }
})

test('a gateway that is not known is told nothing of its mistakes', async () => {
  const [right, wrong] = await Promise.all(
    ['?permission=orders:read', '?permissions=orders:write'].map((query) =>
      server.call({ path: `/gateway/check${query}`, key: reader.key, from: STRANGER }),
    ),
  )
  expect(expectProblem(wrong!, 'missing_permission').detail).toBe(
    expectProblem(right!, 'missing_permission').detail,
  )
})

test('a name of any length is told short, and a secret in it not at all', async () => {
  const long = await ask(`/gateway/check?${'p'.repeat(10_000)}=orders:write`)
  expect(long.status).toBe(403)
  expect(long.text.length).toBeLessThan(1_000)
  const pasted = await ask(`/gateway/check?${server.adminKey}=1`)
  expect(pasted.text).not.toContain(server.adminKey)
})

describe('what Envoy writes behind path= is the client’s:', () => {
  const CLIENTS = [
    '/',
    '/roles',
    '/roles?x=1',
    '/roles?x=1&permission=admin',
    '/roles?permission=orders:write',
    '/roles?x=1&permission=',
    '/roles?permission=orders:*&permissions=orders:write',
    '/roles?path=/&permission=orders:write',
    '/roles?gatewayToken=nonsense',
    '/roles?x=1&gatewayToken=nonsense&gatewayToken=another',
    '/roles&permission=orders:write',
    '/&path=&permission=orders:write',
    '/roles;permission=orders:write',
    '/roles#permission=orders:write',
    '/%zz?%zz=%',
    '/?#',
    '/?cost=0',
    '/?cost=none',
    '//api?&&==',
    '*',
  ]
  test.each(CLIENTS)('%s neither adds to the check nor breaks it', async (client) => {
    for (const [configured, status] of [
      ['/gateway/envoy?permission=orders:read&path=', 200],
      ['/gateway/envoy?permission=orders:write&path=', 403],
      ['/gateway/envoy?path=', 200],
      ['/gateway/envoy?permission=orders:read&permission=orders:write&path=', 403],
      ['/gateway/envoy/?permission=orders:read&path=', 200],
      ['/gateway/envoy/?permission=orders:write&path=', 403],
    ] as const) {
      const answer = await ask(`${configured}${client}`)
      expect(answer.status, configured).toBe(status)
      expectEveryHeader(answer)
      expect((await ask(`${configured}${client}`, server.adminKey)).status, configured).toBe(200)
    }
  })

  test.each(CLIENTS)('%s does not mend a mistake before it', async (client) => {
    for (const [configured, told] of [
      ['/gateway/envoy?permissions=orders:read&path=', '"permissions"'],
      ['/gateway/envoy/?permissions=orders:read&path=', '"permissions"'],
      ['/gateway/envoy?permission=orders:read&perm=orders:write&path=', '"perm"'],
      ['/gateway/envoy?permission=&path=', 'the permission ""'],
      ['/gateway/envoy?permission=orders:*&path=', 'the permission "orders:*"'],
      // Without path= at the end, the client's path spoils what is before it.
      ['/gateway/envoy?permission=orders:read', ''],
      ['/gateway/envoy?permission=orders:read&', ''],
      ['/gateway/envoy?permission=orders:read&uri=', ''],
      ['/gateway/envoy#permission=orders:read&path=', 'holds a #'],
    ] as const) {
      expectMistake(await ask(`${configured}${client}`, server.adminKey), told)
    }
  })

  test.each(CLIENTS.filter((client) => client.startsWith('/')))(
    '%s behind the prefix without a query asks for nothing',
    async (client) => {
      expect((await ask(`/gateway/envoy${client}`)).status).toBe(200)
    },
  )

  test('its length does not matter', async () => {
    const answer = await ask(`/gateway/envoy?permission=orders:write&path=/${'a/'.repeat(5_000)}`)
    expect(answer.status).toBe(403)
    expect(JSON.parse(answer.text).detail).toContain('orders:write')
  })

  test('at /gateway/check there is no such part', async () => {
    expectMistake(await ask('/gateway/check?permission=orders:read&path=/roles'), '"path"')
  })
})

test('a token in the URI is read before path= only', async () => {
  const { adminKey } = server
  const headers = { 'x-forwarded-for': CLIENT }
  const asked = (path: string) => server.call({ path, key: reader.key, from: STRANGER, headers })
  const permission = 'permission=orders:read'
  expect((await asked(`/gateway/envoy?gatewayToken=${adminKey}&${permission}&path=/a?b=c`)).status).toBe(200)
  for (const path of [
    `/gateway/envoy?${permission}&path=/a?gatewayToken=${adminKey}`,
    `/gateway/envoy?${permission}&path=/a&gatewayToken=${adminKey}`,
    `/gateway/envoy/a?gatewayToken=${adminKey}`,
  ]) {
    expectProblem(await asked(path), 'missing_permission')
  }
})
