/** Whoever imports chooses the text: a bound key that could import an equal without its bounds would have one. */
import { beforeAll, describe, expect, test } from 'vitest'
import { createFakeClock, HOUR_MS } from '../fake-clock.ts'
import { expectCreated, type Parsed, useTestServer } from '../harness.ts'

const clock = createFakeClock()
const server = useTestServer({}, { clock })
let peer: Parsed
let viewer: Parsed
let texts = 0

beforeAll(async () => {
  peer = await expectCreated(server, { path: '/users', body: { name: 'Peer', role: 'owner' } })
  viewer = await expectCreated(server, { path: '/users', body: { name: 'Viewer', role: 'viewer' } })
})

const inHours = (hours: number) => new Date(clock.nowMs() + hours * HOUR_MS).toISOString()
const own = () => server.admin.userId
const made = async (fields: object): Promise<string> =>
  (await expectCreated(server, { path: '/keys', body: { userId: own(), ...fields } })).key
const replaced = async (): Promise<string> => {
  const { id, key } = await expectCreated(server, { path: '/keys', body: { userId: own() } })
  await expectCreated(server, { path: `/keys/${id}/rotation`, key, body: { overlapSeconds: 3_600 } })
  return key
}

/** What becomes of one row. */
async function importRow(key: string, row: object, beside: object = {}): Promise<Parsed> {
  const keys = [{ key: `legacy-key-of-mine-number-${texts++}-and-some-more`, ...row }]
  const answer = await server.call({ method: 'POST', path: '/keys/import', key, body: { keys, ...beside } })
  expect(answer.status, answer.text).toBe(200)
  return answer.body.rows[0]
}

const BOUND = { whitelistedIPs: ['127.0.0.0/8'], expiresAt: inHours(1) }

describe.each<readonly [string, () => Promise<string>, string]>([
  ['a restricted key', () => made({ whitelistedIPs: ['127.0.0.0/8'] }), 'whitelistedIPs'],
  ['a key that ends', () => made({ expiresAt: inHours(2) }), 'expiresAt'],
  [
    'a key with a rate limit',
    () => made({ rateLimits: [{ name: 'minute', limit: 5, windowSeconds: 60 }] }),
    'rateLimits',
  ],
  ['a key with a quota', () => made({ quota: { limit: 50, period: 'day' } }), 'quota'],
  ['a secret that was replaced', replaced, 'expiresAt'],
])('%s', (_, importer, bound) => {
  let key: string
  beforeAll(async () => {
    key = await importer()
  })

  test.each<readonly [string, () => object, () => object]>([
    ['of its own user', () => ({ userId: own() }), () => ({})],
    ['of its own user, with as much as it has', () => ({ userId: own(), permissions: ['*'] }), () => ({})],
    ['of an equal', () => ({ userId: peer.id }), () => ({})],
    ['of nobody in particular', () => ({}), () => ({ user: own() })],
    ['in a dry run', () => ({ userId: own() }), () => ({ dryRun: true })],
  ])('imports no free key %s', async (_name, row, beside) => {
    const { outcome, reason } = await importRow(key, row(), beside())
    expect({ outcome, reason }).toEqual({ outcome: 'refused', reason: expect.stringContaining(bound) })
  })

  test('imports keys of weaker users', async () => {
    expect(await importRow(key, { userId: viewer.id })).toMatchObject({ outcome: 'created' })
  })
})

const MINUTE = { name: 'minute', limit: 5, windowSeconds: 60 }
const DAY = { limit: 50, period: 'day' }

describe.each<readonly [string, object, object, readonly (readonly [string, object])[]]>([
  [
    'a key with a rate limit',
    { rateLimits: [MINUTE] },
    {
      rateLimits: [
        { ...MINUTE, limit: 4 },
        { ...MINUTE, name: 'other' },
      ],
      quota: DAY,
    },
    [
      ['a higher one', { rateLimits: [{ ...MINUTE, limit: 6 }] }],
      ['one of a shorter window', { rateLimits: [{ ...MINUTE, windowSeconds: 59 }] }],
      ['one of another name', { rateLimits: [{ ...MINUTE, name: 'minutes' }] }],
      ['a quota instead', { quota: DAY }],
      ['none', { rateLimits: [] }],
    ],
  ],
  [
    'a key with a quota',
    { quota: DAY },
    { quota: { limit: 50, period: 'month' }, rateLimits: [MINUTE] },
    [
      ['a higher one', { quota: { ...DAY, limit: 51 } }],
      ['a rate limit instead', { rateLimits: [MINUTE] }],
      ['none', { quota: null }],
    ],
  ],
])('%s', (_, bounds, within, beyond) => {
  let key: string
  beforeAll(async () => {
    key = await made(bounds)
  })

  test.each(beyond)('imports no equal with %s, as it makes none', async (_name, limits) => {
    const { outcome, reason } = await importRow(key, { userId: own(), ...limits })
    expect({ outcome, reason }).toEqual({
      outcome: 'refused',
      reason: expect.stringContaining(Object.keys(bounds)[0]!),
    })
    const body = { userId: own(), ...limits }
    const creation = await server.call({ method: 'POST', path: '/keys', key, body })
    // Where nothing is said creation gives the same bound, which a row does not.
    const isSaid = Object.keys(bounds).every((name) => name in limits)
    if (isSaid) expect(creation.body.code).toBe('permission_escalation')
  })

  test('imports one as narrow, and one of a weaker user as it likes', async () => {
    expect(await importRow(key, { userId: own(), ...within })).toMatchObject({ outcome: 'created' })
    const wide = { rateLimits: [{ ...MINUTE, limit: 500 }], quota: { ...DAY, limit: 500 } }
    expect(await importRow(key, { userId: viewer.id, ...wide })).toMatchObject({ outcome: 'created' })
  })
})

test('a key within the same bounds comes in, and a free key imports what it likes', async () => {
  const bound = await made({ whitelistedIPs: ['127.0.0.0/8'], expiresAt: inHours(2) })
  expect(await importRow(bound, { userId: own(), ...BOUND })).toMatchObject({ outcome: 'created' })
  expect(await importRow(server.adminKey, { userId: own() })).toMatchObject({ outcome: 'created' })
})
