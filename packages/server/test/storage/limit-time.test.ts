/** Whose time limits go by: a fleet's by the clock of the database, so that a server whose own is wrong changes nothing. */
import { expect, test, vi } from 'vitest'
import { expectCreated, useTestServer } from '../harness.ts'

const server = useTestServer()
const HOUR_MS = 3_600_000

test('a fleet does not go by the clock of a server that is hours ahead; the embedded store has no other', async () => {
  const { userId } = (await server.call({ path: '/me' })).body
  const rateLimits = [{ name: 'hour', limit: 2, windowSeconds: 3_600 }]
  const { key } = await expectCreated(server, { path: '/keys', body: { userId, rateLimits } })
  const ask = async () => (await server.call({ method: 'POST', path: '/verify', body: { key } })).body.code
  expect([await ask(), await ask(), await ask()]).toEqual(['VALID', 'VALID', 'RATE_LIMITED'])
  const now = Date.now
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + 3 * HOUR_MS)
  try {
    expect(await ask()).toBe(server.services.engine.store === 'postgres' ? 'RATE_LIMITED' : 'VALID')
  } finally {
    clock.mockRestore()
  }
})
