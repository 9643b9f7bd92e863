/** What a tenant may have counted costs it alone, however much it is and under however many names. */
import { beforeAll, describe, expect, test } from 'vitest'
import { deleteExpiredIdempotency } from '../../src/storage/tables/idempotency.ts'
import { findAccountLocked } from '../../src/storage/tables/key-limits.ts'
import { trimLog } from '../../src/storage/tables/log.ts'
import type { Db } from '../../src/storage/tables/schema.ts'
import { deleteOldReports, sumOldDays } from '../../src/storage/tables/usage-retention.ts'
import { createFakeClock } from '../fake-clock.ts'
import { createTestCompany, expectCreated, type Parsed, type TestCompany, useTestServer } from '../harness.ts'

const clock = createFakeClock(Date.parse('2026-11-20T09:30:00.000Z'))
const server = useTestServer({}, { clock })
let company: TestCompany
let neighbour: TestCompany

beforeAll(async () => {
  company = await createTestCompany(server)
  neighbour = await createTestCompany(server)
})

const newKey = (of: TestCompany, fields: object = {}): Promise<Parsed> =>
  expectCreated(server, {
    path: '/keys',
    key: of.users.admin.key,
    body: { userId: of.users.developer.id, ...fields },
  })
const verify = async (of: TestCompany, key: string): Promise<Parsed> =>
  (await server.call({ method: 'POST', path: '/verify', key: of.users.admin.key, body: { key } })).body

describe('counts that a verifier says are past all measure', () => {
  const at = new Date(clock.nowMs()).toISOString()
  let reports = 0
  const report = (uses: readonly object[]) =>
    server.call({
      method: 'POST',
      path: '/usage/reports',
      key: company.users.admin.key,
      body: { reportId: `endless-counting-${reports++}`, from: at, to: at, now: at, uses },
    })
  const use = (keyId: string, fields: object = {}) => ({
    keyId,
    secretOrdinal: 1,
    code: 'VALID',
    count: 1_000_000_000_000,
    lastAt: at,
    lastAddress: null,
    ...fields,
  })

  /** As many as so many reports would have brought. */
  const countAsIf = (keyId: string, count: string) =>
    server.tamper(
      `UPDATE usage_days SET valid = ${count}
        WHERE key_number IN (0, (SELECT number FROM usage_keys WHERE key_id = '${keyId}'))`,
    )

  test.each([
    ['what a number says exactly', '9007199254740990'],
    ['what the store can hold', '9223372036854775000'],
  ])('stay within %s: they are taken, shown, and everybody else is counted', async (_, before) => {
    const [mine, other] = [await newKey(company), await newKey(neighbour)]
    await report([use(mine.id)])
    await countAsIf(mine.id, before)
    for (const uses of [[use(mine.id)], [use(mine.id), use(mine.id)]]) {
      const answer = await report(uses)
      expect(answer.status, answer.text).toBe(200)
    }
    await verify(company, mine.key)
    await verify(neighbour, other.key)
    await server.services.usage.flush()
    const shown = await server.call({ path: `/keys/${other.id}/usage`, key: neighbour.users.admin.key })
    expect(shown.body.days[0].counts).toEqual({ VALID: 1 })
    const paths = [`/keys/${mine.id}/usage`, ...['day', 'key', 'code', 'user'].map((by) => `/usage?by=${by}`)]
    for (const path of paths) {
      const answer = await server.call({ path, key: company.users.admin.key })
      expect(answer.status, `${path} ${answer.text}`).toBe(200)
    }
  })

  test('are summed to months as far as that goes', async () => {
    const mine = await newKey(company)
    const day = Math.floor(clock.nowMs() / 86_400_000)
    for (const earlier of [2, 1]) {
      await report([use(mine.id)])
      await server.tamper(
        `UPDATE usage_days SET valid = ${Number.MAX_SAFE_INTEGER}, day = ${day - earlier} WHERE day = ${day}`,
      )
    }
    const { engine } = server.services
    expect((await engine.write((db) => sumOldDays(db, day))).value).toBe(false)
    const { body } = await server.call({ path: `/keys/${mine.id}/usage`, key: company.users.admin.key })
    expect(body.months).toMatchObject([{ counts: { VALID: Number.MAX_SAFE_INTEGER } }])
  })
})

test('a key whose limits are named anew again and again takes no more room', async () => {
  const key = await newKey(company)
  for (let round = 0; round < 15; round++) {
    const rateLimits = [1, 2, 3, 4].map((n) => ({
      name: `limit-${round}-${n}`,
      limit: 1_000,
      windowSeconds: 86_400,
    }))
    const patched = await server.call({
      method: 'PATCH',
      path: `/keys/${key.id}`,
      key: company.users.admin.key,
      body: { rateLimits },
    })
    expect(patched.status, patched.text).toBe(200)
    expect((await verify(company, key.key)).code).toBe('VALID')
  }
  const { counts } = await server.services.engine
    .write((db) => findAccountLocked(db, key.id))
    .then(({ value }) => value)
  expect(counts.size).toBe(50)
  expect([...counts.keys()].at(-1)).toBe('limit-14-4')
})

describe('what is kept for a while is swept away a thousand at a time', () => {
  const nowMs = clock.nowMs()
  const NUMBERS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)'
  const bytes = (text: string) =>
    server.databaseUrl === undefined ? `CAST(${text} AS BLOB)` : `convert_to(${text}, 'UTF8')`

  test.each<readonly [string, () => string, (db: Db) => Promise<boolean>]>([
    [
      'reports',
      () => `usage_reports (id, at) ${NUMBERS} SELECT 'swept ' || i, i FROM n`,
      (db) => deleteOldReports(db, nowMs - 1_000),
    ],
    [
      'answers of an Idempotency-Key',
      () =>
        `idempotency (hash, body_hash, sealed, expires_at) ${NUMBERS}
          SELECT ${bytes("'swept ' || i")}, ${bytes("'body'")}, ${bytes("'sealed'")}, i FROM n`,
      (db) => deleteExpiredIdempotency(db, nowMs),
    ],
    [
      'what revisions changed',
      () => `log (revision, scope, object_id) ${NUMBERS} SELECT -20000 - i, 'key', 'key_1' FROM n`,
      trimLog,
    ],
  ])('%s', async (_, rows, sweep) => {
    await server.tamper(`INSERT INTO ${rows()}`)
    const { engine } = server.services
    expect((await engine.write(sweep)).value).toBe(true)
    expect((await engine.write(sweep)).value).toBe(false)
  })
})
