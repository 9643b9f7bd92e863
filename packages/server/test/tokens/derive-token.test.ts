import type { CompanyId } from '@latchkey/core/ids'
import { hostPrincipal } from '@latchkey/core/principal'
import { expect, test } from 'vitest'
import { deriveToken } from '../../src/auth/derive-token.ts'
import { useTestServer } from '../harness.ts'
import { forge } from './forged-token.ts'

const server = useTestServer()

test('the host, which stands for nobody, derives no tokens', async () => {
  const principal = { ...hostPrincipal('cmp_1' as CompanyId), id: 'key_1' as const }
  const derivation = { principal, permissions: undefined, issuer: 'http://localhost', nowMs: 0 }
  await expect(deriveToken(server.services, derivation)).rejects.toThrow('the host derives no tokens')
})

test.each([
  ['is missing', undefined],
  ['is no text', 7],
  ['is empty', ''],
  ['is no address', 'localhost'],
  ['is of another scheme', 'ftp://localhost'],
  ['is more than an origin', 'http://localhost/here'],
])('a token of our own key whose issuer %s is refused', async (_name, iss) => {
  const headers = { authorization: `Bearer ${forge(server, { claims: { iss, aud: iss } })}` }
  const good = { authorization: `Bearer ${forge(server)}` }
  expect((await server.call({ path: '/me', key: null, headers })).status).toBe(401)
  expect((await server.call({ path: '/me', key: null, headers: good })).status).toBe(200)
})
