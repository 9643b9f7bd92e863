/** What a caller is told of limits: read by a parser of structured fields that is not ours, and true. */
import fc from 'fast-check'
import { isInnerList, type Parameters, parseList } from 'structured-headers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFakeClock } from '../../fake-clock.ts'
import {
  expectCreated,
  type Parsed,
  startTestServer,
  type TestAnswer,
  type TestService,
} from '../../harness.ts'

let server: TestService
let userId: string
const clock = createFakeClock(Date.parse('2026-11-20T09:30:00.000Z'))
beforeAll(async () => {
  server = await startTestServer({ LATCHKEY_TRUSTED_PROXIES: '10.0.0.1' }, { clock })
  userId = (await server.call({ path: '/me' })).body.userId
})
afterAll(() => server.dispose())

type RateLimit = { readonly name: string; readonly limit: number; readonly windowSeconds: number }
type Quota = { readonly limit: number; readonly period: 'day' | 'month' }

const newKey = (fields: object): Promise<Parsed> =>
  expectCreated(server, { path: '/keys', body: { userId, ...fields } })

const check = (key: string, cost = 1): Promise<TestAnswer> =>
  server.call({
    path: `/gateway/check?cost=${cost}`,
    key,
    from: '10.0.0.1',
    headers: { 'x-forwarded-for': '192.0.2.7' },
  })

const names = fc.stringMatching(/^[a-z0-9_-]{1,32}$/).filter((name) => name !== 'quota')
const rateLimits = fc.uniqueArray(
  fc.record({
    name: names,
    limit: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 1_000_000_000 })),
    windowSeconds: fc.integer({ min: 1, max: 86_400 }),
  }),
  { selector: ({ name }) => name, minLength: 1, maxLength: 4 },
)
const quotas = fc.option(
  fc.record({
    limit: fc.integer({ min: 1, max: 40 }),
    period: fc.constantFrom('day' as const, 'month' as const),
  }),
)
/** Some uses, apart by milliseconds, each of some cost. */
const uses = fc.array(fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 1, max: 9 })), {
  minLength: 1,
  maxLength: 12,
})

function listOf(answer: TestAnswer, name: string): (readonly [unknown, Parameters])[] {
  return parseList(String(answer.headers[name])).map((member) => {
    if (isInnerList(member)) throw new Error(`a list in ${name}`)
    return member
  })
}

function expectTold(answer: TestAnswer, limits: readonly RateLimit[], quota: Quota | null): void {
  const seconds = (period: Quota['period']) => (period === 'day' ? { w: 86_400 } : {})
  expect(
    listOf(answer, 'ratelimit-policy').map(([name, given]) => ({ name, ...Object.fromEntries(given) })),
  ).toEqual([
    ...limits.map(({ name, limit, windowSeconds }) => ({ name, q: limit, w: windowSeconds })),
    ...(quota === null ? [] : [{ name: 'quota', q: quota.limit, ...seconds(quota.period) }]),
  ])
  const told = listOf(answer, 'ratelimit')
  const wholes = [
    ...limits,
    ...(quota === null ? [] : [{ ...quota, name: 'quota', windowSeconds: 31 * 86_400 }]),
  ]
  expect(told.map(([name]) => name)).toEqual(wholes.map(({ name }) => name))
  for (const [index, [, given]] of told.entries()) {
    const { limit, windowSeconds } = wholes[index]!
    expect(given.get('r')).toBeGreaterThanOrEqual(0)
    expect(given.get('r')).toBeLessThanOrEqual(limit)
    expect(given.get('t')).toBeGreaterThanOrEqual(1)
    expect(given.get('t')).toBeLessThanOrEqual(windowSeconds)
  }
}

test('whoever waits as long as Retry-After says is admitted, and what is told can be read', async () => {
  await fc.assert(
    fc.asyncProperty(rateLimits, quotas, uses, async (limits, quota, tries) => {
      const { key } = await newKey({ rateLimits: limits, quota })
      for (const [pauseMs, cost] of tries) {
        clock.move(pauseMs)
        const answer = await check(key, cost)
        expectTold(answer, limits, quota)
        if (answer.status === 200) continue
        expect(answer.body.code).toBe('key_rate_limited')
        const smallest = Math.min(
          ...[...limits, ...(quota === null ? [] : [quota])].map(({ limit }) => limit),
        )
        const seconds = Number(answer.headers['retry-after'])
        if (cost > smallest) {
          expect(answer.headers['retry-after']).toBeUndefined()
          continue
        }
        expect(seconds).toBeGreaterThanOrEqual(1)
        clock.move(seconds * 1_000)
        expect((await check(key, cost)).status).toBe(200)
      }
    }),
    { numRuns: Number(process.env.LIMIT_RUNS ?? 25) },
  )
})
