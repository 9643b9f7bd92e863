/** A key or a password that was pasted into a wrong field is in no answer and in no line of the log. */
import { beforeAll, describe, expect, test } from 'vitest'
import { expectCreated, type TestRequest, useTestServer } from '../harness.ts'

const PASTED = {
  'a key of another system': 'acme_XvNKqMrDzTbWcHsYpLfJgRkQ',
  'a password': 'Tr0ub4dor-and-3',
  'a passphrase': 'correct horse battery staple',
  'a digest': '9f86d081884c7d659a2feaa0c55ad015',
  'what begins like an algorithm': 'sha256XvNKqMrDzTbWcHsYpLfJgRkQ',
}

let keyId: string
const server = useTestServer()
beforeAll(async () => {
  keyId = (await expectCreated(server, { path: '/keys', body: { userId: server.admin.userId } })).id
})

const post = (path: string, body: object): TestRequest => ({ method: 'POST', path, body })
const userId = () => server.admin.userId
const imported = (row: object, beside: object = {}) =>
  post('/keys/import', {
    user: userId(),
    keys: [{ key: 'shop_7Kq2vR9xWm4TzB8nLdQwErTy', ...row }],
    ...beside,
  })

const FIELDS: Readonly<Record<string, (text: string) => TestRequest>> = {
  'whitelistedIPs of a new key': (text) => post('/keys', { userId: userId(), whitelistedIPs: [text] }),
  'whitelistedIPs as one text': (text) =>
    post('/keys', { userId: userId(), whitelistedIPs: `192.0.2.7,${text}` }),
  'whitelistedIPs of a key': (text) => ({
    method: 'PATCH',
    path: `/keys/${keyId}`,
    body: { whitelistedIPs: [text] },
  }),
  'a preview of addresses': (text) => post(`/keys/${keyId}/allowlist-preview`, { whitelistedIPs: [text] }),
  permissions: (text) => post('/keys', { userId: userId(), permissions: [text] }),
  expiresAt: (text) => post('/keys', { userId: userId(), expiresAt: text }),
  mode: (text) => post('/keys', { userId: userId(), mode: text }),
  role: (text) => post('/users', { name: 'A', role: text }),
  'the address of a verification': (text) => post('/verify', { key: 'x', ip: text }),
  'the permissions of a verification': (text) => post('/verify', { key: 'x', permissions: [text] }),
  'addresses of an imported row': (text) => imported({ whitelistedIPs: [text] }),
  'permissions of an imported row': (text) => imported({ permissions: [text] }),
  'the end of an imported row': (text) => imported({ expiresAt: text }),
  'the format of an imported row': (text) => imported({ key: undefined, hash: 'ab', format: text }),
  'the hash of an imported row': (text) => imported({ key: undefined, hash: text, format: 'sha256' }),
  'the format of an import': (text) => imported({}, { format: text }),
}

describe.each(Object.entries(FIELDS))('in %s', (_, requestWith) => {
  test.each(Object.entries(PASTED))('%s is not repeated', async (_name, text) => {
    const lines = server.logged.length
    const answer = await server.call(requestWith(text))
    const refused = answer.status === 400 || answer.body.refused === 1 || answer.body.valid === false
    expect({ refused, answer: answer.text }).toMatchObject({ refused: true })
    // In no other letter case either.
    const told = [answer.text, ...server.logged.slice(lines)].join('\n').toLowerCase()
    expect(told).not.toContain(text.toLowerCase())
  })
})

test.each([
  [() => post('/keys', { userId: userId(), whitelistedIPs: ['10.0.0.300'] }), '10.0.0.300'],
  [() => post('/keys', { userId: userId(), whitelistedIPs: ['10.10.0.0/255.255.0.0'] }), '255.255.0.0'],
  [() => post('/keys', { userId: userId(), mode: 'prod' }), 'prod'],
  [() => imported({ permissions: ['domains.create_record'] }), 'domains.create_record'],
  [() => imported({ key: undefined, hash: 'ab', format: 'pbkdf2_sha256' }), 'pbkdf2_sha256'],
])('a slip is repeated, so that it can be seen', async (request, shown) => {
  expect((await server.call(request())).text).toContain(shown)
})
