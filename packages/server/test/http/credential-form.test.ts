/** Whoever sends a credential in the wrong form is told so, and not that it was copied badly. */
import { beforeAll, expect, test } from 'vitest'
import { expectProblem } from '../answer-checks.ts'
import { startTestServer, useTestServer } from '../harness.ts'
import { accessToken } from '../tokens/issued-token.ts'

let token: string

const server = useTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: '100000' })
beforeAll(async () => {
  token = await accessToken(server, { id: server.admin.keyId, key: server.adminKey })
})

const refusal = async (headers: Record<string, string>) =>
  expectProblem(await server.call({ path: '/me', key: null, headers }), 'invalid_credentials')

test.each<readonly [form: (key: string) => string, words: string]>([
  [(key) => key, 'has no scheme: send Authorization: Bearer'],
  [(key) => `Basic ${Buffer.from(`${key}:`).toString('base64')}`, 'the scheme Basic, which is not read'],
  [(key) => `basic ${key}`, 'the scheme Basic, which is not read'],
  [(key) => `Token ${key}`, 'the scheme Token'],
  [(key) => `ApiKey ${key}`, 'the scheme ApiKey'],
  [(key) => `Key ${key}`, 'the scheme Key'],
  [(key) => `Digest username="x", response="${key}"`, 'the scheme Digest'],
  [(key) => `Bear ${key}`, 'an unknown scheme'],
  [(key) => `${key} ${key}`, 'an unknown scheme'],
  [() => 'Bearer', 'no credential behind Bearer'],
  [() => 'Bearer ', 'no credential behind Bearer'],
  [(key) => `Bearer Bearer ${key}`, 'says Bearer twice'],
  [(key) => `Bearer: ${key}`, 'a sign behind Bearer'],
  [(key) => `Bearer=${key}`, 'a sign behind Bearer'],
  [(key) => `Bearer ${key} ${key}`, 'a space in its credential'],
  [(key) => `Bearer ${key},${key}`, 'a comma in its credential'],
  [(key) => `Bearer "${key}"`, 'quotes or brackets'],
  [(key) => `Bearer <${key}>`, 'quotes or brackets'],
  [(key) => `Bearer ${key.slice(0, -1)}`, 'check that it was copied whole'],
  [() => 'Bearer sesame', 'check that it was copied whole'],
])('Authorization %#: %s', async (form, words) => {
  const { detail } = await refusal({ authorization: form(server.adminKey) })
  expect(detail).toContain(words)
  expect(detail).not.toContain(server.adminKey.slice(8, 20))
})

test.each<readonly [form: (key: string) => string, words: string]>([
  [(key) => `Bearer ${key}`, 'holds a scheme'],
  [(key) => `${key}, ${key}`, 'a space or a comma'],
  [(key) => `${key} x`, 'a space or a comma'],
  [(key) => `"${key}"`, 'quotes or brackets'],
  [(key) => `<${key}>`, 'quotes or brackets'],
  [() => token, 'takes keys only'],
  [(key) => key.slice(0, -1), 'check that it was copied whole'],
])('X-API-KEY %#: %s', async (form, words) => {
  const { detail } = await refusal({ 'x-api-key': form(server.adminKey) })
  expect(detail).toContain(words)
  expect(detail).not.toContain(server.adminKey.slice(8, 20))
})

test('the challenge says the same, and a right form is accepted', async () => {
  const answer = await server.call({ path: '/me', key: null, headers: { authorization: server.adminKey } })
  expect(answer.headers['www-authenticate']).toContain('Authorization has no scheme')
  for (const authorization of [
    `Bearer ${server.adminKey}`,
    `bearer  ${server.adminKey} `,
    `BEARER ${token}`,
  ]) {
    expect((await server.call({ path: '/me', key: null, headers: { authorization } })).status).toBe(200)
  }
})

test('a failure is counted, whatever is told of it', async () => {
  const strict = await startTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: '2' })
  try {
    const codes = []
    for (let n = 0; n < 3; n++) {
      const answer = await strict.call({ path: '/me', key: null, headers: { authorization: 'Basic x' } })
      codes.push(answer.body.code)
    }
    expect(codes).toEqual(['invalid_credentials', 'invalid_credentials', 'rate_limited'])
  } finally {
    await strict.dispose()
  }
})
