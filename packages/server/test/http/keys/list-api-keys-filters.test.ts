/** Filters beside status and user, and lists too long for one look: a company of 25,000 keys. */
import { beforeAll, describe, expect, test } from 'vitest'
import { expectProblem } from '../../answer-checks.ts'
import { createFakeClock, HOUR_MS } from '../../fake-clock.ts'
import {
  createTestCompany,
  expectCreated,
  type Parsed,
  type TestCompany,
  useTestServer,
} from '../../harness.ts'
import { insertStoredKeys } from '../../stored-keys.ts'

const clock = createFakeClock()
const server = useTestServer({}, { clock })
let company: TestCompany

beforeAll(async () => {
  company = await createTestCompany(server)
})

const idsOf = (body: Parsed): string[] => body.data.map(({ id }: Parsed) => id)

describe('a filter', () => {
  const now = () => new Date(clock.nowMs()).toISOString()
  const newKey = async (fields: object = {}): Promise<Parsed> =>
    expectCreated(server, {
      path: '/keys',
      key: company.users.admin.key,
      body: { userId: company.users.admin.id, ...fields },
    })
  async function found(parameters: Record<string, string>): Promise<string[]> {
    const { status, body } = await server.call({
      path: `/keys?${new URLSearchParams({ limit: '100', ...parameters })}`,
      key: company.users.viewer.key,
    })
    expect({ status, count: body.count }).toEqual({ status: 200, count: body.total })
    return idsOf(body)
  }

  test('search looks in description, id and last four, without regard to case', async () => {
    const { id, key } = await newKey({ description: 'Überprüfung der Rechnungen' })
    const lastFour = key.slice(-4)
    const texts = [
      'rechnungen',
      'BERPR',
      'Überprüfung',
      id,
      id.slice(5, 20).toUpperCase(),
      lastFour,
      lastFour.toLowerCase(),
    ]
    for (const search of texts) expect(await found({ search }), search).toContain(id)
    expect(await found({ search: key.slice(12, 30) })).toEqual([])
    expect(await found({ search: 'no such text' })).toEqual([])
  })

  test.each([
    ['%', '50% off', '50 percent off'],
    ['0%', '100%', '100 percent'],
    ['e_c', 'the_case', 'theXcase'],
    ['\\', 'C:\\keys', 'C:/keys'],
    ['\\%', 'a\\%b', 'a%b'],
    ["'", "it's", 'its'],
    ['"', 'say "go"', 'say go'],
  ])('search takes %s literally', async (search, description, other) => {
    const wanted = await newKey({ description })
    const unwanted = await newKey({ description: other })
    const ids = await found({ search })
    expect(ids).toContain(wanted.id)
    expect(ids).not.toContain(unwanted.id)
  })

  test('search of 100 characters is answered', async () => {
    const description = 'd'.repeat(200)
    const { id } = await newKey({ description })
    expect(await found({ search: description.slice(0, 100) })).toEqual([id])
  })

  test('restricted tells keys with addresses from keys without', async () => {
    const restricted = await newKey({ whitelistedIPs: ['1.1.1.1'] })
    const open = await newKey({ whitelistedIPs: [] })
    const [withAddresses, without] = [
      await found({ restricted: 'true' }),
      await found({ restricted: 'false' }),
    ]
    expect(withAddresses).toEqual([restricted.id])
    expect(without).toContain(open.id)
    expect(without).not.toContain(restricted.id)
  })

  test('expiringBefore leaves out keys that expire then or later, or never', async () => {
    const at = (hours: number) => new Date(clock.nowMs() + hours * HOUR_MS).toISOString()
    const soon = await newKey({ expiresAt: at(1) })
    const later = await newKey({ expiresAt: at(2) })
    expect(await found({ expiringBefore: at(1) })).toEqual([])
    expect(await found({ expiringBefore: at(2) })).toEqual([soon.id])
    expect(await found({ expiringBefore: at(3) })).toEqual([later.id, soon.id])
    const inZone = new Date(clock.nowMs() + 4 * HOUR_MS).toISOString().replace('Z', '+02:00')
    expect(await found({ expiringBefore: inZone })).toEqual([soon.id])
  })

  test('unusedSince keeps keys made before the moment and not used since', async () => {
    const used = await newKey({ description: 'use' })
    const idle = await newKey({ description: 'use' })
    clock.move(HOUR_MS)
    const moment = now()
    const young = await newKey({ description: 'use' })
    const unused = () => found({ unusedSince: moment, search: 'use' })
    expect(await unused()).toEqual([idle.id, used.id])
    await server.call({ path: '/me', key: used.key })
    await server.services.usage.flush()
    expect(await unused()).toEqual([idle.id])
    clock.move(HOUR_MS)
    expect(await found({ unusedSince: now(), search: 'use' })).toEqual([young.id, idle.id, used.id])
  })

  test('filters together keep what all of them keep', async () => {
    const wanted = await newKey({ description: 'both', whitelistedIPs: '1.1.1.1' })
    await newKey({ description: 'both' })
    await newKey({ whitelistedIPs: '1.1.1.1' })
    const filters = { search: 'both', restricted: 'true', userId: company.users.admin.id }
    expect(await found(filters)).toEqual([wanted.id])
    expect(await found({ ...filters, userId: company.users.viewer.id })).toEqual([])
    expect(await found({ ...filters, status: 'inactive' })).toEqual([])
  })
})

describe('a company of 25,000 keys', () => {
  const COUNT = 25_000
  let crowded: TestCompany
  /** Newest first, every key of the user. */
  let ids: string[]
  let userId: string

  beforeAll(async () => {
    crowded = await createTestCompany(server)
    userId = crowded.users.developer.id
    // With an o or an l, which no id has.
    const description = (index: number) => (index < 10_000 ? 'alpha' : index < 20_001 ? 'folio' : null)
    const keys = Array.from({ length: COUNT }, (_, index) => ({ description: description(index) }))
    const made = await insertStoredKeys(server.services, { companyId: crowded.id, userId, keys })
    ids = [...made.reverse(), crowded.users.developer.keyId]
  })
  const list = (query: string, key = crowded.users.viewer.key) => server.call({ path: `/keys?${query}`, key })

  test.each([0, 9_998, 9_999, 10_000, 10_001, 19_999, 20_000, 20_001, 24_990, 25_000])(
    'offset %i gives the right rows, by index and by scan',
    async (offset) => {
      for (const filter of [
        `userId=${userId}`,
        `userId=${userId}&status=all`,
        `userId=${userId}&restricted=false`,
      ]) {
        const { body } = await list(`${filter}&limit=15&offset=${offset}`)
        expect(idsOf(body), filter).toEqual(ids.slice(offset, offset + 15))
        expect(body.nextUrl === null, filter).toBe(offset + 15 > COUNT)
        expect(body.previousUrl === null, filter).toBe(offset === 0)
      }
    },
  )

  test('the total of status and user is exact', async () => {
    expect((await list('limit=1')).body).toMatchObject({ total: COUNT + 4 })
    const { body } = await list(`limit=1&userId=${userId}`)
    expect(body.total).toBe(COUNT + 1)
    expect(body).not.toHaveProperty('totalIsMinimum')
  })

  test('the total of any other filter is exact to 10,000, and says so beyond', async () => {
    const exact = (await list('search=alpha&limit=1')).body
    expect(exact.total).toBe(10_000)
    expect(exact).not.toHaveProperty('totalIsMinimum')
    for (const filter of ['search=folio', 'restricted=false', 'unusedSince=2030-01-01T00:00:00Z']) {
      expect((await list(`${filter}&limit=1`)).body).toMatchObject({
        total: 10_000,
        totalIsMinimum: true,
        count: 1,
      })
    }
    expect((await list('restricted=true')).body).toMatchObject({ total: 0, count: 0 })
  })

  test('rows far behind the first 10,000 are found by a search', async () => {
    const [oldest] = ids.slice(-2)
    expect(idsOf((await list(`search=${oldest}`)).body)).toEqual([oldest])
    const { body } = await list(`search=alpha&limit=3&startingAfter=${ids[0]}`)
    expect(idsOf(body)).toEqual(ids.slice(15_000, 15_003))
    expect(idsOf((await list(`search=folio&limit=2&endingBefore=${oldest}`)).body)).toEqual(
      ids.slice(14_998, 15_000),
    )
  })

  test('another deep page of the company meanwhile is a 503 with Retry-After; then it is answered again', async () => {
    const deep = 'limit=1&offset=24990'
    // Several: the first may be over before the second has a connection to the store.
    const answers = await Promise.all(Array.from({ length: 6 }, () => list(deep)))
    const refused = answers.filter(({ status }) => status !== 200)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused.length).toBeLessThan(answers.length)
    for (const answer of refused) {
      expectProblem(answer, 'unavailable')
      expect(answer.headers['retry-after']).toBe('1')
    }
    expect((await list(deep)).status).toBe(200)
  })

  test('shallow pages, depths past the end and other companies do not wait for a deep page', async () => {
    const deep = list('limit=1&offset=24990')
    const answers = await Promise.all([
      list('limit=1'),
      list('limit=1&offset=9999'),
      list('limit=1&offset=9007199254740991'),
      list(`limit=1&startingAfter=${ids[20_000]}`),
      list('limit=1', company.users.viewer.key),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect((await deep).status).toBe(200)
  })
})
