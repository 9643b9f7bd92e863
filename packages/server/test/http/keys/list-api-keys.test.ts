import { beforeEach, describe, expect, test } from 'vitest'
import { comparable, expectProblem } from '../../answer-checks.ts'
import {
  createTestCompany,
  expectCreated,
  type Parsed,
  startTestServer,
  type TestCompany,
  useTestServer,
} from '../../harness.ts'
import { insertStoredKeys } from '../../stored-keys.ts'

let company: TestCompany
/** The company's admin. */
let key: string
/** The company's keys, newest first, before a test makes more. */
let ids: string[]

const server = useTestServer({ LATCHKEY_TRUSTED_PROXIES: '10.0.0.0/8' })
beforeEach(async () => {
  company = await createTestCompany(server)
  key = company.users.admin.key
  ids = Object.values(company.users)
    .map(({ keyId }) => keyId)
    .reverse()
})

const list = (query = '', headers = {}) => server.call({ path: `/keys${query}`, key, headers })
const idsOf = (body: Parsed): string[] => body.data.map(({ id }: Parsed) => id)
const newKey = (fields: object = {}): Promise<Parsed> =>
  expectCreated(server, { path: '/keys', key, body: { userId: company.users.developer.id, ...fields } })
const remove = (id: string) => server.call({ method: 'DELETE', path: `/keys/${id}`, key })
const disable = (id: string) =>
  server.call({ method: 'PATCH', path: `/keys/${id}`, key, body: { enabled: false } })

describe('the envelope', () => {
  test('has status, total, count, nextUrl, previousUrl and data, in this order', async () => {
    const { body } = await list()
    expect(Object.keys(body)).toEqual(['status', 'total', 'count', 'nextUrl', 'previousUrl', 'data'])
    expect(body).toMatchObject({ status: 200, total: 4, count: 4, nextUrl: null, previousUrl: null })
    expect(idsOf(body)).toEqual(ids)
  })

  test('of an empty list is 200 with nothing in it and no Link', async () => {
    const answer = await list('?status=inactive')
    expect(answer.body).toEqual({
      status: 200,
      total: 0,
      count: 0,
      nextUrl: null,
      previousUrl: null,
      data: [],
    })
    expect(answer.headers).not.toHaveProperty('link')
  })

  test('shows every key masked', async () => {
    const { key: secret, id } = await newKey()
    const { text, body } = await list()
    expect(text).not.toContain(secret)
    expect(body.data[0]).toMatchObject({ id, key: `${secret.slice(0, 12)}...${secret.slice(-4)}` })
  })

  test('holds at most 25 rows unless limit says otherwise, and up to 100', async () => {
    const keys = Array.from({ length: 120 }, () => ({}))
    await insertStoredKeys(server.services, { companyId: company.id, userId: company.users.owner.id, keys })
    expect((await list()).body).toMatchObject({ count: 25, total: 124 })
    expect((await list('?limit=100')).body).toMatchObject({ count: 100, total: 124 })
    expect((await list('?limit=1')).body).toMatchObject({ count: 1, total: 124 })
  })
})

describe('refuses, naming the parameter', () => {
  test.each([
    ['status', 'Active'],
    ['status', 'ACTIVE'],
    ['status', ''],
    ['status', 'deleted'],
    ['status', ' active'],
    ['limit', '0'],
    ['limit', '101'],
    ['limit', '1e1'],
    ['limit', '+5'],
    ['limit', ' 2'],
    ['limit', '2 '],
    ['limit', '5?'],
    ['limit', '5.0'],
    ['limit', '0x5'],
    ['limit', '-1'],
    ['limit', '٥'],
    ['limit', ''],
    ['limit', '9007199254740993'],
    ['offset', '-1'],
    ['offset', '1.5'],
    ['offset', '1e3'],
    ['offset', ''],
    ['offset', '9007199254740992'],
    ['offset', '99999999999999999999'],
    ['search', ''],
    ['search', 'x'.repeat(101)],
    ['restricted', 'yes'],
    ['restricted', 'TRUE'],
    ['restricted', '1'],
    ['restricted', ''],
    ['unusedSince', 'yesterday'],
    ['unusedSince', '2026-01-31'],
    ['unusedSince', '1767225600000'],
    ['expiringBefore', '2026-02-30T00:00:00Z'],
    ['expiringBefore', '2026-01-31T00:00:00'],
  ])('%s=%s', async (parameter, value) => {
    const answer = await list(`?${new URLSearchParams({ [parameter]: value })}`)
    expectProblem(answer, { code: 'invalid_parameter', parameter })
  })

  test('every fault of a query at once', async () => {
    const { body } = await list('?limit=0&statuss=active&offset=x&offset=1')
    expect(body.code).toBe('invalid_parameter')
    expect(body.errors.map(({ parameter, code }: Parsed) => `${parameter} ${code}`).sort()).toEqual([
      'limit invalid_parameter',
      'offset duplicate_parameter',
      'offset invalid_parameter',
      'statuss unknown_parameter',
    ])
  })
})

test('a number that is too large is told what is the most', async () => {
  for (const [name, most] of [
    ['limit', '100'],
    ['offset', '9007199254740991'],
  ] as const) {
    for (const given of ['9007199254740993', '9'.repeat(400)]) {
      const answer = await server.call({ path: `/keys?${name}=${given}` })
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_parameter' } })
      expect(answer.body.detail).toContain(most)
    }
  }
})

test('decimal digits are read as decimal, leading zeros too', async () => {
  expect((await list('?limit=02')).body.count).toBe(2)
  expect((await list('?limit=2&offset=010')).body.count).toBe(0)
})

describe('cursors', () => {
  test('the example of the contract', async () => {
    const made = await createTestCompany(server)
    key = made.users.admin.key
    const { keyId } = await newKeyOf(made)
    const [k5, k4, k3, k2, k1] = [
      keyId,
      ...Object.values(made.users)
        .map((user) => user.keyId)
        .reverse(),
    ]
    const first = await list('?limit=2')
    expect(idsOf(first.body)).toEqual([k5, k4])
    expect(idsOf((await list(`?limit=2&startingAfter=${k4}`)).body)).toEqual([k3, k2])
    expect(idsOf((await list(`?limit=2&endingBefore=${k3}`)).body)).toEqual([k5, k4])
    expect(idsOf((await list(`?limit=2&endingBefore=${k1}`)).body)).toEqual([k3, k2])
    await remove(k4!)
    expect(idsOf((await list(`?limit=2&startingAfter=${k4}`)).body)).toEqual([k3, k2])
  })

  async function newKeyOf(made: TestCompany) {
    const body = { userId: made.users.viewer.id }
    const { id } = await expectCreated(server, { path: '/keys', key: made.users.admin.key, body })
    return { keyId: id as string }
  }

  test.each(['startingAfter', 'endingBefore'])(
    '%s: unknown, malformed and foreign ids get one identical answer',
    async (name) => {
      const other = await createTestCompany(server)
      const unknown = `key_${ids[0]!.slice(4, -4)}zzzz`
      const wrong = [
        other.users.owner.keyId,
        unknown,
        '',
        'x',
        'key_',
        ids[0]!.toUpperCase(),
        `${ids[0]} `,
        `${ids[0]}0`,
        company.users.owner.id,
        company.id,
        "key_' OR 1=1 --",
        '\u0000',
        'k'.repeat(5_000),
      ]
      const [first, ...rest] = await Promise.all(
        wrong.map(async (id) => {
          const answer = await list(`?${new URLSearchParams({ [name]: id })}`)
          expectProblem(answer, { code: 'invalid_cursor', parameter: name })
          return comparable(answer)
        }),
      )
      for (const answer of rest) expect(answer).toEqual(first)
    },
  )

  test('the id of a deleted or filtered-out key is still a position', async () => {
    await remove(ids[1]!)
    expect(idsOf((await list(`?startingAfter=${ids[1]}`)).body)).toEqual([ids[2], ids[3]])
    expect(idsOf((await list(`?endingBefore=${ids[1]}`)).body)).toEqual([ids[0]])
    expect(idsOf((await list(`?status=inactive&startingAfter=${ids[0]}`)).body)).toEqual([ids[1]])
    const { viewer } = company.users
    expect(idsOf((await list(`?userId=${viewer.id}&endingBefore=${ids[3]}`)).body)).toEqual([viewer.keyId])
  })

  test('of two cursors only endingBefore counts', async () => {
    const both = await list(`?startingAfter=${ids[0]}&endingBefore=${ids[2]}&limit=1`)
    expect(idsOf(both.body)).toEqual([ids[1]])
    expect(idsOf((await list(`?startingAfter=nonsense&endingBefore=${ids[1]}`)).body)).toEqual([ids[0]])
    expectProblem(await list(`?startingAfter=${ids[0]}&endingBefore=nonsense`), {
      code: 'invalid_cursor',
      parameter: 'endingBefore',
    })
  })

  test('an offset together with a cursor is a 400; offset 0 is none', async () => {
    for (const name of ['startingAfter', 'endingBefore']) {
      expectProblem(await list(`?offset=1&${name}=${ids[0]}`), {
        code: 'conflicting_parameters',
        parameter: 'offset',
      })
      expect((await list(`?offset=0&${name}=${ids[0]}`)).status).toBe(200)
    }
  })

  test('at either end the page is empty, and has no neighbours', async () => {
    for (const query of [`?startingAfter=${ids[3]}`, `?endingBefore=${ids[0]}`]) {
      expect((await list(query)).body).toMatchObject({
        total: 4,
        count: 0,
        nextUrl: null,
        previousUrl: null,
        data: [],
      })
    }
  })
})

describe('offset', () => {
  test.each(['4', '5', '1000000', '1000000000000', '9007199254740991'])(
    '%s, past the end: 200 with an empty page',
    async (offset) => {
      const { status, body } = await list(`?offset=${offset}`)
      expect(status).toBe(200)
      expect(body).toEqual({ status: 200, total: 4, count: 0, nextUrl: null, previousUrl: null, data: [] })
    },
  )

  test('skips from the newest', async () => {
    const { body } = await list('?offset=1&limit=2')
    expect(idsOf(body)).toEqual([ids[1], ids[2]])
    expect(new URL(body.previousUrl).searchParams.get('endingBefore')).toBe(ids[1])
  })
})

describe('total', () => {
  test('is exact for each status and user, whatever limit, cursor and offset', async () => {
    const { developer, viewer } = company.users
    const made = [await newKey(), await newKey(), await newKey()]
    await remove(made[0].id)
    await disable(made[1].id)
    await remove(made[1].id)
    await disable(viewer.keyId)
    const totals = { active: [2, 0, 4], inactive: [2, 1, 3], all: [4, 1, 7] } as const
    for (const [status, [ofDeveloper, ofViewer, ofAll]] of Object.entries(totals)) {
      for (const position of [
        '',
        '&limit=1',
        '&offset=1',
        '&offset=100',
        `&startingAfter=${made[1].id}`,
        `&endingBefore=${ids[0]}`,
      ]) {
        const total = async (filter: string) =>
          (await list(`?status=${status}${filter}${position}`)).body.total
        expect([
          await total(`&userId=${developer.id}`),
          await total(`&userId=${viewer.id}`),
          await total(''),
        ]).toEqual([ofDeveloper, ofViewer, ofAll])
      }
    }
  })

  test('and page come from one snapshot, while keys are being made and deleted', async () => {
    const writing = Array.from({ length: 40 }, async () => remove((await newKey()).id))
    const reading = Array.from({ length: 40 }, async () => {
      const { body } = await list('?limit=100&status=all')
      expect({ total: body.total, count: body.count }).toEqual({
        total: idsOf(body).length,
        count: idsOf(body).length,
      })
      expect(idsOf(body)).toEqual(idsOf(body).sort().reverse())
      const active = (await list('?limit=100')).body
      expect(active.total).toBe(active.data.length)
    })
    await Promise.all([...writing, ...reading])
  })

  test('an unknown user, or another company’s, has no keys', async () => {
    const other = await createTestCompany(server)
    const answers = await Promise.all(
      [other.users.owner.id, `usr_${other.users.owner.id.slice(4, -4)}0000`, 'nonsense'].map(
        async (userId) => (await list(`?userId=${userId}`)).body,
      ),
    )
    for (const body of answers) expect(body).toMatchObject({ status: 200, total: 0, count: 0, data: [] })
  })
})

describe('nextUrl and previousUrl', () => {
  test('are absolute, carry status, limit and exactly one cursor, and Link says the same', async () => {
    const { body, headers } = await list('?limit=1&offset=1')
    expect(body.nextUrl).toBe(`http://localhost/keys?status=active&limit=1&startingAfter=${ids[1]}`)
    expect(body.previousUrl).toBe(`http://localhost/keys?status=active&limit=1&endingBefore=${ids[1]}`)
    expect(headers.link).toBe(`<${body.nextUrl}>; rel="next", <${body.previousUrl}>; rel="prev"`)
    const last = await list(`?startingAfter=${ids[1]}`)
    expect(last.body.nextUrl).toBeNull()
    expect(last.headers.link).toBe(`<${last.body.previousUrl}>; rel="prev"`)
  })

  test('carry the defaults when nothing was asked for', async () => {
    const { users } = company
    await insertStoredKeys(server.services, {
      companyId: company.id,
      userId: users.owner.id,
      keys: Array.from({ length: 30 }, () => ({})),
    })
    const { searchParams } = new URL((await list()).body.nextUrl)
    expect([...searchParams.keys()]).toEqual(['status', 'limit', 'startingAfter'])
    expect([searchParams.get('status'), searchParams.get('limit')]).toEqual(['active', '25'])
  })

  test('carry every other filter, so that a followed link filters as well', async () => {
    const marked = [
      await newKey({ description: 'a & b' }),
      await newKey(),
      await newKey({ description: 'A & B' }),
    ]
    const first = (await list(`?search=${encodeURIComponent('a & b')}&limit=1&restricted=false`)).body
    expect(idsOf(first)).toEqual([marked[2].id])
    const { pathname, search } = new URL(first.nextUrl)
    const second = (await server.call({ path: pathname + search, key })).body
    expect(idsOf(second)).toEqual([marked[0].id])
    expect(second.nextUrl).toBeNull()
  })

  test.each([
    ['the Host asked for', '9.9.9.9', { host: 'keys.internal:7070' }, 'http://keys.internal:7070'],
    ['an IPv6 Host', '9.9.9.9', { host: '[::1]:7070' }, 'http://[::1]:7070'],
    [
      'what a trusted proxy forwards',
      '10.1.2.3',
      { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'keys.example.com' },
      'https://keys.example.com',
    ],
    [
      'the Host when anybody else forwards',
      '9.9.9.9',
      { host: 'a.example', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example' },
      'http://a.example',
    ],
    [
      'the Host when what is forwarded is no host',
      '10.1.2.3',
      { host: 'a.example', 'x-forwarded-host': 'evil.example/path?' },
      'http://a.example',
    ],
  ])('begin with %s', async (_, from, headers, origin) => {
    const answer = await server.call({ path: '/keys?limit=1', key, headers, from })
    expect(new URL(answer.body.nextUrl).origin).toBe(origin)
    expect(answer.headers.link).toContain(`<${origin}/keys?`)
  })

  test('begin with LATCHKEY_PUBLIC_URL when that is set, whatever is asked or forwarded', async () => {
    const other = await startTestServer({
      LATCHKEY_PUBLIC_URL: 'https://keys.example.com',
      LATCHKEY_TRUSTED_PROXIES: '127.0.0.1',
    })
    try {
      await expectCreated(other, { path: '/keys', body: { userId: other.admin.userId } })
      const headers = { host: 'a.example', 'x-forwarded-host': 'b.example' }
      const { body } = await other.call({ path: '/keys?limit=1', headers })
      expect(body.nextUrl).toMatch(
        /^https:\/\/keys\.example\.com\/keys\?status=active&limit=1&startingAfter=key_/,
      )
    } finally {
      await other.dispose()
    }
  })
})
