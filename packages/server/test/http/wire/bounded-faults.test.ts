/**
 * Input with very many mistakes: one answer tells twenty of them and that there are more, nothing is looked through
 * to its end for it, and no transaction is begun for what can be refused without the store.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { findLedgerLocked } from '../../../src/storage/tables/ledger.ts'
import {
  createTestCompany,
  type TestAnswer,
  type TestCompany,
  type TestRequest,
  useTestServer,
} from '../../harness.ts'

const server = useTestServer()
let company: TestCompany
let keyId: string

beforeAll(async () => {
  company = await createTestCompany(server)
  keyId = company.users.developer.keyId
})

const userId = () => company.users.developer.id
const send = (request: TestRequest): Promise<TestAnswer> =>
  server.call({ key: company.users.owner.key, ...request })

type Case = readonly [name: string, request: (faults: number) => TestRequest]

const list = (length: number, element: (index: number) => unknown) =>
  Array.from({ length }, (_, index) => element(index))

const post = (path: string, body: unknown): TestRequest => ({ method: 'POST', path, body })

/** As many faults as are asked for. */
const CASES: readonly Case[] = [
  [
    'entries of an allowlist',
    (n) => post('/keys', { userId: userId(), whitelistedIPs: list(n, (i) => `bad${i}`) }),
  ],
  ['entries in one text', (n) => post('/keys', { userId: userId(), whitelistedIPs: 'a,'.repeat(n) })],
  ['entries that are no text', (n) => post('/keys', { userId: userId(), whitelistedIPs: list(n, () => 1) })],
  [
    'entries of a change',
    (n) => ({ method: 'PATCH', path: `/keys/${keyId}`, body: { whitelistedIPs: list(n, () => 'a') } }),
  ],
  ['permissions of a key', (n) => post('/keys', { userId: userId(), permissions: list(n, (i) => `X${i}`) })],
  [
    'permissions the user lacks',
    (n) => post('/keys', { userId: company.users.viewer.id, permissions: list(n, (i) => `orders:a${i}`) }),
  ],
  [
    'permissions of a user',
    (n) => post('/users', { name: 'U', role: 'viewer', permissions: list(n, () => 'keys:lst') }),
  ],
  ['permissions of a token', (n) => post('/auth/token/short-lived', { permissions: list(n, () => 'a') })],
  ['permissions of a verification', (n) => post('/verify', { key: 'k', permissions: list(n, () => 'a') })],
  [
    'permissions of a batch',
    (n) => post('/verify/batch', { keys: list(n, () => ({ key: 'k', permissions: ['keys:zzzz'] })) }),
  ],
  ['addresses of a batch', (n) => post('/verify/batch', { keys: list(n, () => ({ key: 'k', ip: 'x' })) })],
  ['elements of a batch', (n) => post('/verify/batch', { keys: list(n, () => ({})) })],
  [
    'unknown fields',
    (n) => post('/keys', { userId: userId(), ...Object.fromEntries(list(n, (i) => [`f${i}`, 1]) as []) }),
  ],
  [
    'values of metadata',
    (n) =>
      post('/keys', {
        userId: userId(),
        metadata: Object.fromEntries(list(n, (i) => [`f${i}`, 1]) as []),
      }),
  ],
  ['unknown parameters', (n) => ({ path: `/keys?${list(n, (i) => `p${i}=`).join('&')}` })],
  ['a parameter again and again', (n) => ({ path: `/keys?${'limit=1&'.repeat(n + 1)}` })],
]

describe.each(CASES)('%s', (_, request) => {
  test('twenty faults are told, all of them', async () => {
    const { status, body } = await send(request(20))
    expect(status).toBe(400)
    expect(body.errors).toHaveLength(20)
    expect(body.detail).toContain('(and 19 more; see errors)')
  })

  test('of more than twenty, twenty are told, and that there are more', async () => {
    const { status, body } = await send(request(45))
    expect(status).toBe(400)
    expect(body.errors).toHaveLength(20)
    expect(body.detail).toContain('(and more than 19 others; errors has the first 20)')
  })
})

describe('as much as a body can hold', () => {
  test.each([
    ['entries', (n: number) => `{"userId":"x","whitelistedIPs":"${'a,'.repeat(n)}"}`, '/keys', 'invalid_ip'],
    ['numbers', (n: number) => `{"userId":"x","whitelistedIPs":[${'1,'.repeat(n)}1]}`, '/keys', 'invalid_ip'],
    ['objects', (n: number) => `{"keys":[${'{},'.repeat(n / 2)}{}]}`, '/verify/batch', 'invalid_field'],
    [
      'numbers',
      (n: number) => `{"permissions":[${'1,'.repeat(n)}1]}`,
      '/auth/token/short-lived',
      'invalid_field',
    ],
  ])('32,000 bad %s: the first twenty are told', async (_, text, path, code) => {
    const { status, body } = await send({ method: 'POST', path, text: text(32_000) })
    expect([status, body.errors.length]).toEqual([400, 20])
    expect(body.errors[0].code).toBe(code)
  })

  test('a fault behind ten thousand sound values is found', async () => {
    const entries = `${'"1.1.1.1",'.repeat(5_000)}1`
    const { status, body } = await send({
      method: 'POST',
      path: '/keys',
      text: `{"userId":"${userId()}","whitelistedIPs":[${entries}]}`,
    })
    expect(status).toBe(400)
    expect(body.errors).toEqual([
      expect.objectContaining({ pointer: '/whitelistedIPs/5000', code: 'invalid_ip' }),
    ])
  })

  test.each([
    ['at its start', '\n', 0, 'U+000A'],
    ['behind five thousand others', '\n', 5_000, 'U+000A'],
    ['behind twenty thousand others: that it is too long is all that is told', '\n', 20_000, undefined],
  ])('a sign that may not be in a text, %s', async (_, sign, before, told) => {
    const description = `${'x'.repeat(before)}${sign}${'y'.repeat(100_000)}`
    const { status, body } = await send(post('/keys', { userId: userId(), description }))
    expect(status).toBe(400)
    const details = body.errors.map(({ detail }: { detail: string }) => detail).join(' ')
    expect(details).toContain('at most 200 characters')
    if (told === undefined) expect(details).not.toContain('U+')
    else expect(details).toContain(told)
  })

  test('five thousand times one entry is one entry', async () => {
    const { status, body } = await send(
      post('/keys', { userId: userId(), whitelistedIPs: list(5_000, () => '1.1.1.1') }),
    )
    expect([status, body.whitelistedIPs]).toEqual([201, ['1.1.1.1']])
  })

  test('a query of more than 64 parameters is refused for that', async () => {
    const { status, body } = await send({ path: `/keys?${list(3_000, (i) => i).join('&')}` })
    expect([status, body.code]).toEqual([400, 'invalid_parameter'])
    expect(body.detail).toContain('more than 64 parameters')
  })

  test.each([
    ['in the middle', `{"a":[${'1,'.repeat(30_000)}x]}`, 'line 1, column 60007'],
    ['at the end', `[${'1,'.repeat(30_000)}`, 'line 1, column 60002'],
    ['after many lines', `${'\n'.repeat(60_000)}x`, 'line 60001, column 1'],
  ])('JSON that is broken %s: its place is told', async (_, text, place) => {
    const { body } = await send({ method: 'POST', path: '/keys', text })
    expect(body.code).toBe('malformed_json')
    expect(body.detail).toContain(place)
  })
})

describe('while nobody gets a transaction', () => {
  /** Runs with the company's row held by another write. */
  async function whileHeld<T>(work: () => Promise<T>): Promise<T> {
    const held = Promise.withResolvers<void>()
    const over = Promise.withResolvers<void>()
    const holding = server.services.engine.write(async (db) => {
      await findLedgerLocked(db, company.id as `cmp_${string}`)
      held.resolve()
      await over.promise
    })
    await held.promise
    try {
      return await work()
    } finally {
      over.resolve()
      await holding
    }
  }

  test.each([
    ['a creation', (n: number) => post('/keys', { userId: userId(), whitelistedIPs: 'a,'.repeat(n) }), 400],
    ['a creation', () => post('/keys', { userId: userId(), permissions: ['keys:lst'] }), 400],
    ['a creation for nobody', () => post('/keys', { userId: 'x', whitelistedIPs: 'a' }), 400],
    [
      'a change',
      () => ({ method: 'PATCH' as const, path: `/keys/${keyId}`, body: { whitelistedIPs: ['a'] } }),
      400,
    ],
    [
      'a change of nothing',
      () => ({ method: 'PATCH' as const, path: '/keys/x', body: { whitelistedIPs: ['a'] } }),
      404,
    ],
  ])('%s that cannot be is refused', async (_, request, status) => {
    expect((await whileHeld(() => send(request(1_000)))).status).toBe(status)
  })

  test('what is refused without the store is refused together with what the store says', async () => {
    const { body } = await send(
      post('/keys', { userId: 'x', whitelistedIPs: ['a'], expiresAt: '2001-01-01T00:00:00Z' }),
    )
    expect(body.errors.map((fault: { pointer: string }) => fault.pointer)).toEqual([
      '/whitelistedIPs/0',
      '/expiresAt',
      '/userId',
    ])
  })

  test('what can be waits, and is done', async () => {
    let isOver = false
    const creating = Promise.withResolvers<Promise<TestAnswer>>()
    await whileHeld(async () => {
      const sent = send(post('/keys', { userId: userId() }))
      creating.resolve(
        sent.finally(() => {
          isOver = true
        }),
      )
      await send({ path: '/me' })
      expect(isOver).toBe(false)
    })
    expect((await await creating.promise).status).toBe(201)
  })
})
