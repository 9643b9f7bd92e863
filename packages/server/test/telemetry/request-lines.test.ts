/** The line of each request in the log says why one was refused. */
import { expect, test } from 'vitest'
import { expectCreated, type TestAnswer, type TestRequest, useTestServer } from '../harness.ts'

const server = useTestServer({ LATCHKEY_TRUSTED_PROXIES: '127.0.0.1' })

async function lineOf(request: TestRequest): Promise<{ answer: TestAnswer; line: Record<string, unknown> }> {
  const answer = await server.call(request)
  const line = server.logged.find((one) => one.includes(String(answer.headers['x-request-id'])))
  return { answer, line: JSON.parse(line ?? '{}') }
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

test.each<readonly [string, TestRequest, string | null]>([
  ['one that was answered', { path: '/me' }, null],
  ['a key that is none', { path: '/me', key: 'lk_live_nothing' }, 'invalid_credentials'],
  ['a method that is none there', { path: '/keys', method: 'PUT' }, 'method_not_allowed'],
  ['a typo', { path: '/keys', method: 'POST', body: { userid: 'usr_x' } }, 'invalid_body'],
  [
    'a token that was not given',
    {
      path: '/oauth/token',
      method: 'POST',
      key: null,
      headers: FORM,
      text: 'grant_type=client_credentials&client_id=x&client_secret=y',
    },
    'invalid_client',
  ],
])('%s', async (_, request, code) => {
  const { answer, line } = await lineOf(request)
  expect(line).toMatchObject({ event: 'request', status: answer.status, code })
})

test('an address that is not in the list of a key, told to a gateway', async () => {
  const body = { userId: server.admin.userId, whitelistedIPs: ['192.0.2.7'] }
  const key = await expectCreated(server, { path: '/keys', body })
  const request = { path: '/gateway/check', key: key.key }
  const headers = { 'x-forwarded-for': '192.0.2.8' }
  const { line } = await lineOf({ ...request, headers })
  expect(line).toMatchObject({ status: 403, code: 'ip_not_allowed', address: '192.0.2.8' })
})
