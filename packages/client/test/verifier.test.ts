import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { Latchkey, type Verifier, type VerifyRequest } from '../src/index.ts'
import { type ModelServer, startModelServer } from './model-server.ts'

const HOUR_MS = 3_600_000

let service: ModelServer
let latchkey: Latchkey
let verifier: Verifier

beforeAll(async () => {
  service = await startModelServer()
})
afterAll(() => service.stop())

beforeEach(async () => {
  for (const known of [service.records, service.instead, service.askServer]) known.clear()
  service.asked.length = 0
  service.reports.length = 0
  service.leaseMs = 2_000
  service.nowMs = () => Date.now()
  latchkey = new Latchkey({ url: service.url, key: 'lk_live_x', maxRetries: 0 })
  verifier = latchkey.verifier()
})
afterEach(() => verifier.close())

const countOf = (path: string) => service.asked.filter((asked) => asked.path === path).length
const remember = async (key: string) => {
  service.records.set(key, {})
  await verifier.ready()
  await verifier.verify({ key })
}

describe('a key that is in memory', () => {
  test('is judged at once, as the service would', async () => {
    service.records.set('k', { whitelistedIPs: ['192.0.2.0/24'] })
    await verifier.ready()
    expect(verifier.state).toBe('fresh')
    const attempt = { key: 'k', ip: '192.0.2.7', permissions: ['orders:read', 'keys:read'] }
    const verdict = {
      valid: true,
      code: 'VALID',
      keyId: 'key_k',
      companyId: 'cmp_1',
      userId: 'usr_1',
      permissions: ['*:*', 'keys:read'],
      mode: 'live',
      expiresAt: null,
      metadata: { team: 'a' },
      secret: 'current',
      replaceBy: null,
      limits: null,
      limitedBy: null,
      retryAfterSeconds: null,
      requestId: 'local',
    }
    expect(await verifier.verify(attempt)).toEqual(verdict)
    expect(verifier.verify(attempt)).toEqual(verdict)
    expect(verifier.verify({ ...attempt, ip: '203.0.113.9' })).toMatchObject({ code: 'IP_NOT_ALLOWED' })
    expect(verifier.verify({ key: 'k' })).toMatchObject({ code: 'IP_REQUIRED' })
    expect(verifier.verify({ ...attempt, permissions: ['keys:delete'] })).toMatchObject({
      code: 'INSUFFICIENT_PERMISSIONS',
    })
    expect([countOf('/verify/record'), countOf('/verify')]).toEqual([1, 0])
  })

  test.each([
    ['its key', { scope: 'key', id: 'key_k' }],
    ['its user', { scope: 'user', id: 'usr_1' }],
    ['its company', { scope: 'company', id: 'cmp_1' }],
  ] as const)('is refused from the moment that a change of %s is acknowledged', async (_name, scope) => {
    await remember('k')
    service.records.set('k', { isActive: false })
    expect(verifier.verify({ key: 'k' })).toMatchObject({ code: 'VALID' })
    await service.change(scope)
    expect(await verifier.verify({ key: 'k' })).toMatchObject({ code: 'INACTIVE' })
  })

  test.each([
    ['the key', { expiresAt: '2026-11-28T13:00:00.000Z' }, 'EXPIRED'],
    [
      'a secret that was replaced',
      { secret: { ordinal: 1, endsAt: '2026-11-28T13:00:00.000Z', isOver: false } },
      'INACTIVE',
    ],
  ])('ends with %s, by the clock of the service', async (_name, record, code) => {
    service.nowMs = () => Date.UTC(2026, 10, 28, 12)
    service.records.set('k', record)
    expect(await verifier.verify({ key: 'k' })).toMatchObject({ code: 'VALID' })
    await verifier.ready()
    service.nowMs = () => Date.UTC(2026, 10, 28, 12) + HOUR_MS
    await service.change({ scope: 'key', id: 'other' })
    await vi.waitFor(async () => expect(await verifier.verify({ key: 'k' })).toMatchObject({ code }))
  })

  test('is in memory by both of its secrets', async () => {
    service.records.set('old', {
      keyId: 'key_k',
      secret: { ordinal: 1, endsAt: '2126-01-01T00:00:00.000Z', isOver: false },
    })
    service.records.set('new', { keyId: 'key_k', secret: { ordinal: 2, endsAt: null, isOver: false } })
    await verifier.ready()
    for (let turn = 0; turn < 3; turn++) {
      expect(await verifier.verify({ key: 'old' })).toMatchObject({ secret: 'previous' })
      expect(await verifier.verify({ key: 'new' })).toMatchObject({ secret: 'current', replaceBy: null })
    }
    expect(countOf('/verify/record')).toBe(2)
    service.records.delete('old')
    await service.change({ scope: 'key', id: 'key_k' })
    expect(await verifier.verify({ key: 'old' })).toMatchObject({ code: 'NOT_FOUND' })
  })

  test('has no limits, whatever a use costs', async () => {
    await remember('k')
    expect(await verifier.verify({ key: 'k', cost: 5 })).toMatchObject({ code: 'VALID', limits: null })
    expect(countOf('/verify')).toBe(0)
  })

  test('is told of as used', async () => {
    await remember('k')
    for (let n = 0; n < 9; n++) void verifier.verify({ key: 'k', ip: '192.0.2.7' })
    await verifier.close()
    expect(service.reports).toMatchObject([
      { uses: [{ keyId: 'key_k', secretOrdinal: 1, code: 'VALID', count: 10, lastAddress: '192.0.2.7' }] },
    ])
    expect(verifier.counters).toMatchObject({ hits: 9, loads: 1, reported: 10, lost: 0 })
  })
})

describe('the service is asked for the verdict', () => {
  test.each<[string, object]>([
    ['a token', { key: 'eyJhbGciOiJFZERTQSJ9.e30.x' }],
    ['a key with limits', { key: 'limited' }],
    ['a key that only it can judge', { key: 'counted' }],
    ['a text no key is made of', { key: 'schlüssel' }],
    ['a text longer than any key', { key: 'k'.repeat(600) }],
    ['an address that is none', { key: 'k', ip: 'somewhere' }],
    ['a pattern', { key: 'k', permissions: ['orders:*'] }],
    ['permissions that are no list', { key: 'k', permissions: 'orders:read' }],
    ['a cost that is none', { key: 'k', cost: 0.5 }],
    ['a misspelt name', { key: 'k', permision: ['orders:read'] }],
  ])('on %s, each time', async (_name, attempt) => {
    await remember('k')
    service.askServer.add('limited')
    service.records.set('counted', { isLimited: true })
    for (let turn = 0; turn < 2; turn++) {
      expect(await verifier.verify(attempt as VerifyRequest)).toMatchObject({ keyId: 'asked' })
    }
    expect(countOf('/verify')).toBe(2)
    // One was for the key that is remembered.
    expect(countOf('/verify/record')).toBeLessThanOrEqual(2)
  })
})

describe('without a lease', () => {
  test('each key is read anew', async () => {
    service.leaseMs = 0
    service.records.set('k', {})
    for (let turn = 0; turn < 2; turn++)
      expect(await verifier.verify({ key: 'k' })).toMatchObject({ code: 'VALID' })
    expect(countOf('/verify/record')).toBe(2)
    expect(verifier.state).not.toBe('fresh')
  })

  test('and without the service nothing is accepted, until it is back', async () => {
    await remember('k')
    const states: string[] = []
    const stopListening = verifier.on('state', (state) => states.push(state))
    await service.stop()
    await vi.waitFor(() => expect(verifier.state).toBe('cut-off'), { timeout: 10_000 })
    await expect(verifier.verify({ key: 'k' })).rejects.toMatchObject({ code: 'cannot_verify' })
    await service.start()
    await vi.waitFor(() => expect(verifier.state).toBe('fresh'), { timeout: 10_000 })
    expect(await verifier.verify({ key: 'k' })).toMatchObject({ code: 'VALID' })
    stopListening()
    expect(states).toEqual(['cut-off', 'fresh'])
  })
})

const REFUSALS = [
  [401, 'invalid_credentials', 'Check the key'],
  [403, 'missing_permission', 'This needs keys:verify. Use a key that has it.'],
] as const

describe.each(REFUSALS)('a verifier whose own key is answered with %i', (status, code, sentence) => {
  const refuse = () => {
    const body = { status, code, detail: 'This needs keys:verify.', requestId: 'req_1' }
    for (const path of ['/changes', '/verify/record']) {
      service.instead.set(path, { status, body, type: 'application/problem+json' })
    }
  }

  test('is never ready, and says why', async () => {
    refuse()
    await expect(verifier.ready()).rejects.toThrow(sentence)
    expect(verifier.state).toBe('cut-off')
  })

  test('empties its memory, refuses everything and asks no more for others', async () => {
    await remember('k')
    refuse()
    void service.change({ scope: 'key', id: 'other' })
    await vi.waitFor(() => expect(verifier.counters.keys).toBe(0))
    await vi.waitFor(() => expect(verifier.state).toBe('cut-off'))
    const before = countOf('/verify/record')
    await expect(verifier.verify({ key: 'k' })).rejects.toMatchObject({ code: 'cannot_verify' })
    expect(countOf('/verify/record')).toBe(before)
  })
})

test('a verifier that is asked by another key begins anew', async () => {
  const keys = { now: 'lk_live_x' }
  const other = new Latchkey({ url: service.url, key: () => keys.now })
  await using changing = other.verifier()
  service.records.set('k', {})
  await changing.ready()
  await changing.verify({ key: 'k' })
  const names = () =>
    service.asked
      .filter(({ path }) => path === '/changes')
      .map(({ body }) => (body as { verifier: string }).verifier)
  keys.now = 'lk_live_y'
  await vi.waitFor(() => expect(changing.counters.keys).toBe(0))
  await changing.ready()
  expect(new Set(names()).size).toBeGreaterThan(1)
})

test('a verifier that is asked by another key each time says so, and has no lease', async () => {
  let tokens = 0
  const minting = new Latchkey({ url: service.url, key: () => `lk_live_${++tokens}`, maxRetries: 0 })
  await using restless = minting.verifier()
  await vi.waitFor(() => expect(restless.state).toBe('cut-off'))
  await expect(restless.ready()).rejects.toThrow('gave another one each time')
  expect(restless.counters.hits).toBe(0)
})

describe('a bad answer', () => {
  const BAD: readonly [string, { status: number; body: unknown; type?: string }, string][] = [
    [
      'an older service',
      { status: 404, body: { code: 'route_not_found', status: 404, detail: 'No.' } },
      ': No. Is url right, or is the service older than this client?',
    ],
    [
      'a page of a proxy',
      { status: 200, body: '<html>', type: 'text/html' },
      ' was answered with 200 and text/html, which is not an answer of Latchkey: is url right',
    ],
    [
      'no JSON',
      { status: 200, body: '{' },
      ' was answered with 200 and application/json, which is not an answer of Latchkey: is url right',
    ],
  ]

  test.each(BAD)('to questions for changes gives no lease: %s', async (_name, answer) => {
    service.instead.set('/changes', answer)
    service.records.set('k', {})
    expect(await verifier.verify({ key: 'k' })).toMatchObject({ code: 'VALID' })
    await vi.waitFor(() => expect(verifier.state).toBe('cut-off'))
    expect(await verifier.verify({ key: 'k' })).toMatchObject({ code: 'VALID' })
    expect(verifier.counters.hits).toBe(0)
  })

  test('of a status that HTTP does not have gives no lease either', async () => {
    service.instead.set('/changes', { status: 999, body: {} })
    service.records.set('k', {})
    await vi.waitFor(() => expect(verifier.state).toBe('cut-off'))
    expect(await verifier.verify({ key: 'k' })).toMatchObject({ code: 'VALID' })
    expect(verifier.counters.hits).toBe(0)
  })

  test.each(BAD)('to a question for a key says what to do: %s', async (_name, answer, sentence) => {
    service.instead.set('/verify/record', answer)
    await expect(verifier.verify({ key: 'k' })).rejects.toMatchObject({
      code: 'cannot_verify',
      message: expect.stringContaining(`POST /verify/record${sentence}`),
    })
  })

  test.each<[string, unknown]>([
    ['without a record', { epoch: 'e1', revision: 1 }],
    ['with half a record', { record: { keyId: 'key_k', isActive: true }, epoch: 'e1', revision: 1 }],
    ['of no meaning', {}],
  ])('to a question for a key is never a yes: %s', async (_name, body) => {
    service.instead.set('/verify/record', { status: 200, body })
    await expect(verifier.verify({ key: 'k' })).rejects.toMatchObject({ code: 'cannot_verify' })
  })
})

test('after it was closed nothing is verified', async () => {
  await remember('k')
  await verifier.close()
  await verifier.close()
  await expect(verifier.verify({ key: 'k' })).rejects.toThrow('latchkey.verifier()')
  await expect(verifier.ready()).rejects.toThrow('latchkey.verifier()')
  const { body } = service.asked.filter(({ path }) => path === '/changes').at(-1)!
  expect(body).toMatchObject({ goodbye: true })
})

/** As Node before 20.16 says it, and as Next's edge runtime does. */
const WITHOUT_HASH: readonly (readonly [string, () => never])[] = [
  ['none is found', () => undefined as never],
  [
    'looking for one throws',
    () => {
      throw new Error('A Node.js API is used which is not supported in the Edge Runtime.')
    },
  ],
]

test('a verifier in a Worker of Cloudflare, which has the hash and rests between requests, asks for each key', async () => {
  vi.stubGlobal('WebSocketPair', class {})
  try {
    const logger = { warn: vi.fn() }
    await using other = new Latchkey({ url: service.url, key: 'lk_live_x', logger }).verifier()
    await other.ready()
    expect(await other.verify({ key: 'k' })).toMatchObject({ keyId: 'asked' })
    expect(other.counters.asked).toBe(1)
  } finally {
    vi.unstubAllGlobals()
  }
})

describe.each(WITHOUT_HASH)('where there is no hash without a promise (%s), a verifier', (_name, find) => {
  const logger = { warn: vi.fn() }
  const asking = () => new Latchkey({ url: service.url, key: 'lk_live_x', logger }).verifier()
  beforeEach(() => {
    vi.spyOn(process, 'getBuiltinModule').mockImplementation(find)
  })
  afterEach(() => {
    vi.restoreAllMocks()
    logger.warn.mockClear()
  })

  test('says so once, and asks for each key', async () => {
    await using other = asking()
    await other.ready()
    for (let turn = 0; turn < 2; turn++)
      expect(await other.verify({ key: 'k' })).toMatchObject({ keyId: 'asked' })
    expect([other.state, other.counters.asked]).toEqual(['catching-up', 2])
    expect(logger.warn.mock.calls).toEqual([[expect.stringContaining('each verification asks the service')]])
  })

  test('verifies nothing after it was closed', async () => {
    const other = asking()
    await other.close()
    await expect(other.verify({ key: 'k' })).rejects.toThrow('latchkey.verifier()')
    await expect(other.ready()).rejects.toMatchObject({ code: 'verifier_closed' })
    expect(service.asked).toEqual([])
  })
})

describe('a clock', () => {
  test.each([
    ['that is right', 0, undefined],
    ['some seconds off', 30_000, undefined],
    ['an hour ahead', HOUR_MS, '60 min ahead of that of the service'],
    ['an hour behind', -HOUR_MS, '60 min behind that of the service'],
  ])(
    '%s does not change what is judged, and is told of once where it is far off',
    async (_name, byMs, told) => {
      const warn = vi.fn()
      service.nowMs = () => Date.now() - byMs
      const inHalfAnHour = new Date(service.nowMs() + HOUR_MS / 2).toISOString()
      service.records.set('alive', { expiresAt: inHalfAnHour })
      const justOver = new Date(service.nowMs() - HOUR_MS / 2).toISOString()
      service.records.set('over', { expiresAt: justOver })
      await using own = new Latchkey({ url: service.url, key: 'lk_live_x', logger: { warn } }).verifier()
      await own.ready()
      for (let turn = 0; turn < 2; turn++) {
        expect(await own.verify({ key: 'alive' })).toMatchObject({ code: 'VALID' })
        expect(await own.verify({ key: 'over' })).toMatchObject({ code: 'EXPIRED' })
      }
      expect(own.counters.hits).toBe(2)
      expect(warn.mock.calls).toEqual(told === undefined ? [] : [[expect.stringContaining(told)]])
    },
  )
})

test('a listener that throws is told of, and no more', async () => {
  const warn = vi.fn()
  const { url } = service
  await using listened = new Latchkey({ url, key: 'lk_live_x', logger: { warn } }).verifier()
  listened.on('state', () => {
    throw new Error('oops')
  })
  await listened.ready()
  await vi.waitFor(() => expect(warn).toHaveBeenCalledWith(expect.stringContaining('oops')))
  expect(listened.state).toBe('fresh')
})

test.each([0, -1, Number.NaN])('memory for %d keys is refused', (keysMax) => {
  expect(() => latchkey.verifier({ keysMax })).toThrow('keysMax')
})
