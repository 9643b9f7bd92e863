/** A store that was restored and is not accepted. On PostgreSQL: e2e/fleet/restore.test.ts, with a real restore. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { acceptRestored } from '../../src/host/store-on-host.ts'
import { startTestServer, type TestRequest, type TestService } from '../harness.ts'

let server: TestService

beforeEach(async () => {
  server = await startTestServer()
})
afterEach(() => server.dispose())

const refuse = () => server.tamper('UPDATE head SET is_accepted = 0, revision = revision + 1')

const requests: readonly [string, (key: string) => TestRequest][] = [
  ['a verification', (key) => ({ method: 'POST', path: '/verify', body: { key } })],
  ['who am I', () => ({ path: '/me' })],
  ['a list', () => ({ path: '/keys' })],
  ['the audit trail', () => ({ path: '/audit' })],
  ['a creation', () => ({ method: 'POST', path: '/keys', body: { userId: server.admin.userId } })],
  ['a deletion', () => ({ method: 'DELETE', path: `/keys/${server.admin.keyId}` })],
  ['readiness', () => ({ path: '/readyz', key: null })],
]

describe('a store that was restored and is not accepted', () => {
  test.each(requests)('refuses %s for a minute, and names the command', async (_name, requestOf) => {
    await refuse()
    const { status, headers, body } = await server.call(requestOf(server.adminKey))
    // A verdict is 200 or 503; everything else fails at the credential of the caller already.
    expect(status).toBe(503)
    expect(headers['retry-after']).toBe('60')
    expect(body.detail).toMatch(/restored or replaced.*latchkey restore --accept/)
  })

  test('refuses the reads and writes of the service itself, and lets a command look', async () => {
    await refuse()
    const { engine } = server.services
    const count = async () => 1
    await expect(engine.read(count)).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 60 })
    await expect(engine.write(count)).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 60 })
    expect(await engine.inspect(count)).toBe(1)
  })

  test('does its work again when it is accepted', async () => {
    await refuse()
    await acceptRestored(server.services)
    for (const [, requestOf] of requests) {
      expect((await server.call(requestOf(server.adminKey))).status).toBeLessThan(300)
    }
  })
})
