/**
 * What only reads may wait, too: for counts that are written first, or for the limits of a key. Who was revoked
 * meanwhile is told nothing, and uses nothing up.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { createFakeClock } from '../fake-clock.ts'
import {
  createTestCompany,
  expectCreated,
  type Parsed,
  type TestAnswer,
  type TestCompany,
  type TestRequest,
  useTestServer,
} from '../harness.ts'
import { holdCompanyRow, holdTable } from '../held-rows.ts'

const CONSOLE = { 'x-latchkey-console': '1', 'sec-fetch-site': 'same-origin', host: 'localhost' }
const LIMIT = 1_000
const clock = createFakeClock()
const server = useTestServer({}, { clock })
let company: TestCompany

beforeAll(async () => {
  company = await createTestCompany(server)
})

const asOwner = (request: TestRequest) => server.call({ key: company.users.owner.key, ...request })
const newKey = (fields: object = {}): Promise<Parsed> =>
  expectCreated(server, {
    path: '/keys',
    key: company.users.owner.key,
    body: { userId: company.users.owner.id, ...fields },
  })
const newLimitedKey = () => newKey({ rateLimits: [{ name: 'hour', limit: LIMIT, windowSeconds: 3_600 }] })
const verify = async (key: string, fields: object = {}): Promise<Parsed> =>
  (await asOwner({ method: 'POST', path: '/verify', body: { key, ...fields } })).body
/** What is left of the limit of a key. */
const leftOf = async (key: string): Promise<number> => (await verify(key, { cost: 0 })).limits[0].remaining

const deleting = ({ id }: Parsed): TestRequest => ({ method: 'DELETE', path: `/keys/${id}` })
const narrowing = ({ id }: Parsed): TestRequest => ({
  method: 'PATCH',
  path: `/keys/${id}`,
  body: { permissions: ['keys:list'] },
})

/** What is told to those who were let in before a revocation, and waited for the table until after it. */
async function answersAfter(
  revocation: TestRequest,
  requests: readonly TestRequest[],
  table: 'usage_reports' | 'key_limits',
): Promise<TestAnswer[]> {
  const row = await holdCompanyRow(server, company.id)
  const held = await holdTable(server, table)
  const revoked = asOwner(revocation)
  await row.untilWaiting(1)
  const answers = Promise.all(requests.map((request) => server.call(request)))
  await row.untilWaiting(2)
  await row.release()
  expect((await revoked).status).toBeLessThan(300)
  await held.release()
  return answers
}

const told = ({ status, body }: TestAnswer) => [status, body?.code]

describe('counts are written before they are told', () => {
  const READING: readonly (readonly [path: string, request: Partial<TestRequest>])[] = [
    ['/usage', {}],
    ['/usage?by=code', {}],
    ['/usage?by=key', {}],
    ['/usage?by=user', {}],
    ['/keys/KEY/usage', {}],
    ['/keys/KEY/allowlist-preview', { method: 'POST', body: { whitelistedIPs: ['192.0.2.1'] } }],
    ['/console/key-days?keys=KEY', { headers: CONSOLE }],
  ]

  const REVOCATIONS = [
    [deleting, [401, 'key_inactive']],
    [narrowing, [403, 'missing_permission']],
  ] as const
  test.each(READING)('%s is not told to who was revoked meanwhile', async (path, request) => {
    for (const [revocation, refusal] of REVOCATIONS) {
      const [asker, read] = [await newKey(), await newKey()]
      const asked = { ...request, path: path.replace('KEY', read.id) }
      await verify(read.key, { ip: '192.0.2.7' })
      clock.move(60_000)
      expect((await asOwner(asked)).status).toBe(200)
      await verify(read.key, { ip: '192.0.2.7' })
      clock.move(60_000)
      const requests = [{ ...asked, key: asker.key }]
      const answers = await answersAfter(revocation(asker), requests, 'usage_reports')
      expect(answers.map(told)).toEqual([refusal])
    }
  })
})

describe('the limits of a key are asked for', () => {
  const refused = [401, 'key_inactive']

  test('/console/key-limits is not told to who was revoked meanwhile', async () => {
    const [asker, read] = [await newKey(), await newLimitedKey()]
    const asked = { path: `/console/key-limits/${read.id}`, key: asker.key, headers: CONSOLE }
    expect((await answersAfter(deleting(asker), [asked], 'key_limits')).map(told)).toEqual([refused])
    expect((await asOwner({ ...asked, key: company.users.owner.key })).body.limits[0].remaining).toBe(LIMIT)
  })

  const USING: readonly (readonly [
    path: string,
    of: (asker: string, used: string) => Omit<TestRequest, 'path'>,
    answer: readonly [status: number, code: string],
  ])[] = [
    ['/verify', (key, used) => ({ method: 'POST', key, body: { key: used } }), [401, 'key_inactive']],
    [
      '/verify/batch',
      (key, used) => ({ method: 'POST', key, body: { keys: [{ key: used }] } }),
      [401, 'key_inactive'],
    ],
    [
      '/gateway/check',
      (asker, key) => ({ key, headers: { 'x-gateway-token': asker, 'x-forwarded-for': '192.0.2.7' } }),
      [403, 'missing_permission'],
    ],
  ]
  test.each(USING)('%s charges nothing for who was revoked meanwhile', async (path, of, answer) => {
    const refusals = [
      [deleting, answer],
      [narrowing, [403, 'missing_permission']],
    ] as const
    for (const [revocation, refusal] of refusals) {
      const [asker, used] = [await newKey(), await newLimitedKey()]
      const asked = { path, ...of(asker.key, used.key) }
      expect((await answersAfter(revocation(asker), [asked], 'key_limits')).map(told)).toEqual([refusal])
      expect(await leftOf(used.key)).toBe(LIMIT)
    }
  })

  test.each(USING)('%s charges for who was not', async (path, of) => {
    const [asker, other, used] = [await newKey(), await newKey(), await newLimitedKey()]
    const asked = { path, ...of(asker.key, used.key) }
    expect((await answersAfter(deleting(other), [asked], 'key_limits')).map(({ status }) => status)).toEqual([
      200,
    ])
    expect(await leftOf(used.key)).toBe(LIMIT - 1)
  })

  test('a batch that waits for others charges nothing for who was revoked meanwhile', async () => {
    const asker = await newKey()
    const batchOf = (keys: readonly Parsed[]): TestRequest => ({
      method: 'POST',
      path: '/verify/batch',
      key: asker.key,
      body: { keys: keys.map(({ key }) => ({ key })) },
    })
    // As many as pass at once wait for limits; the last one waits for them, and has what it needs at hand.
    const ahead = await Promise.all(Array.from({ length: 8 }, newLimitedKey))
    const atHand = await newLimitedKey()
    for (let use = 0; use < 20; use += 1) await verify(atHand.key)
    const before = await leftOf(atHand.key)
    const requests = [...ahead.map((key) => batchOf([key])), batchOf([atHand])]
    const answers = await answersAfter(deleting(asker), requests, 'key_limits')
    expect(answers.map(told)).toEqual(requests.map(() => refused))
    expect(await leftOf(atHand.key)).toBe(before)
  })
})
