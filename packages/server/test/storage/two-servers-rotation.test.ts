/** What is answered of a rotation on one server is in force on the other, which remembers the key as it was. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFakeClock } from '../fake-clock.ts'
import {
  expectCreated,
  type JoinedServer,
  type Parsed,
  startTestServer,
  type TestRequest,
  type TestService,
} from '../harness.ts'

/** Each is a race that the old answer would win now and then. */
const TIMES = 10

const clock = createFakeClock()
let one: TestService
let other: JoinedServer

beforeAll(async () => {
  one = await startTestServer({}, { clock })
  other = await one.join()
})
afterAll(async () => {
  await other.dispose()
  await one.dispose()
})

type Server = Pick<TestService, 'call'>

const codesOn = (server: Server, keys: readonly string[]): Promise<Parsed[]> =>
  Promise.all(
    keys.map(
      async (key) => (await server.call({ method: 'POST', path: '/verify', body: { key } })).body.code,
    ),
  )
const at = (ms: number): string => new Date(clock.nowMs() + ms).toISOString()

/** A key with both secrets, which both servers have in memory. */
async function remembered() {
  const { id, key: old } = await expectCreated(one, { path: '/keys', body: { userId: one.admin.userId } })
  const { key: fresh } = await expectCreated(one, {
    path: `/keys/${id}/rotation`,
    body: { overlapSeconds: 3_600 },
  })
  for (const server of [one, other]) expect(await codesOn(server, [old, fresh])).toEqual(['VALID', 'VALID'])
  return { path: `/keys/${id}/rotation`, secrets: [old, fresh] as [string, string] }
}

describe.each<readonly [string, (path: string) => TestRequest, readonly string[]]>([
  [
    'rotated without overlap',
    (path) => ({ method: 'POST', path, body: { overlapSeconds: 0 } }),
    ['INACTIVE', 'INACTIVE'],
  ],
  ['ended', (path) => ({ method: 'PATCH', path, body: { previousEndsAt: at(-1) } }), ['INACTIVE', 'VALID']],
  [
    'shortened, and its time has come',
    (path) => ({ method: 'PATCH', path, body: { previousEndsAt: at(60_000) } }),
    ['INACTIVE', 'VALID'],
  ],
  [
    'made longer',
    (path) => ({ method: 'PATCH', path, body: { previousEndsAt: at(7_200_000) } }),
    ['VALID', 'VALID'],
  ],
  ['cancelled', (path) => ({ method: 'DELETE', path }), ['VALID', 'INACTIVE']],
])('a rotation that was %s', (_name, request, codes) => {
  test('is so on the other server when that is answered', async () => {
    for (let n = 0; n < TIMES; n++) {
      const { path, secrets } = await remembered()
      const [changer, verifier] = n % 2 === 0 ? [one, other] : [other, one]
      expect((await changer.call(request(path))).status).toBeLessThan(300)
      clock.move(60_000)
      expect(await codesOn(verifier, secrets)).toEqual(codes)
    }
  })
})

test('a rotation that is asked for again with its Idempotency-Key is in force everywhere when that is answered', async () => {
  for (let n = 0; n < TIMES; n++) {
    const { path, secrets } = await remembered()
    const body = { overlapSeconds: 0 }
    const headers = { 'idempotency-key': `again-${n}` }
    const answers = await Promise.all(
      [one, other, other].map(async (server) => {
        const answer = await server.call({ method: 'POST', path, body, headers })
        // The first to be answered may be the second to have asked.
        for (const each of [one, other])
          expect(await codesOn(each, secrets)).toEqual(['INACTIVE', 'INACTIVE'])
        return answer
      }),
    )
    expect(new Set(answers.map((answer) => answer.body.key)).size).toBe(1)
  }
})
