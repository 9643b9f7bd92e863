import { expect, it } from 'vitest'
import { diagnosePort } from './proxies.ts'

/** TEST-NET-1 (RFC 5737): of no machine. */
const ELSEWHERE = '192.0.2.1'

it.each([
  { kind: 'nobody' as const },
  // Behind the address is another machine, which takes connections or swallows them.
  { kind: 'other' as const },
  { kind: 'ours' as const, seenAddress: '10.0.0.7' },
])('HOST that is an address of another machine is that, whoever answers there: $kind', async (answer) => {
  const found = await diagnosePort({ host: ELSEWHERE, port: 7070 }, answer)
  expect(found).toMatchObject({
    level: 'problem',
    detail: expect.stringContaining(`HOST ${ELSEWHERE} is not an address of this machine`),
  })
  expect(found.remedy).not.toMatch(/other process/)
})

it('a name that leads nowhere is told as one, and what may be a secret is not repeated', async () => {
  const host = 'lk_live_9hTbXq2LmZ0aPv7RkYcW4dNsE1uJ6oGf.invalid'
  const found = await diagnosePort({ host, port: 7070 }, { kind: 'other' })
  expect(found).toMatchObject({ level: 'problem', detail: 'HOST is not an address of this machine.' })
})
