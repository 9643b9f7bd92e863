import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { call } from './calling.ts'
import { createHome, type Home } from './running.ts'

let home: Home

beforeEach(() => {
  home = createHome()
})

afterEach(() => home.dispose())

describe.each([
  ['one process', {}],
  ['two', { LATCHKEY_WORKERS: '2' }],
])('a service of %s', (_name, workers) => {
  const settings = { ...workers, LATCHKEY_DRAIN_SECONDS: '3600' }

  it('still serves after SIGTERM, is not ready any more, and is not hurried by another SIGTERM', async () => {
    const service = await home.serve({ settings })
    const key = home.adminKey()
    service.child.kill('SIGTERM')
    await service.printed(/"drainSeconds":3600,"event":"stopping"/)
    // With two processes the other may not have heard yet.
    let ready = await call(service.url, { path: '/readyz', key })
    while (ready.status === 200) ready = await call(service.url, { path: '/readyz', key })
    expect(ready).toMatchObject({ status: 503, body: { code: 'unavailable' } })
    service.child.kill('SIGTERM')
    for (let round = 0; round < 10; round++) {
      const answer = await call(service.url, { path: '/verify', key, body: { key } })
      expect(answer).toMatchObject({ status: 200, body: { valid: true } })
    }
  })

  it.each([
    ['SIGTERM', '1'],
    ['SIGTERM', '0'],
    ['SIGINT', '3600'],
  ] as const)('ends in order after %s, with LATCHKEY_DRAIN_SECONDS=%s', async (signal, drain) => {
    const service = await home.serve({ settings: { ...workers, LATCHKEY_DRAIN_SECONDS: drain } })
    const { exitCode, stdout } = await service.stop(signal)
    expect({ exitCode, isStored: stdout.includes('Everything acknowledged is stored.') }).toEqual({
      exitCode: 0,
      isStored: true,
    })
  })
})
