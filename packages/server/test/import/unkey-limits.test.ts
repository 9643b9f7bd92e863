/** Limits of Unkey that mean the same here come in with their key; what does not is metadata, and limits nothing. */
import { describe, expect, it } from 'vitest'
import { ACME, csvOf, sha256 } from './expected-keys.ts'
import { readAll, rowsOf } from './reading.ts'

const fromApi = (more: object): string =>
  JSON.stringify({ data: [{ keyId: 'key_1', start: 'acme_', plaintext: ACME, permissions: [], ...more }] })
const fromTable = (more: Readonly<Record<string, string>>): string =>
  csvOf(
    ['id', 'hash', 'start', 'permissions', ...Object.keys(more)],
    ['key_1', sha256(ACME).toString('base64'), 'acme_', '[]', ...Object.values(more)],
  )
async function limitsOf(file: string) {
  const [row] = rowsOf(await readAll('unkey', file))
  const { rateLimits, quota, metadata, notes, status } = row!
  const { 'unkey.id': _id, 'unkey.keyId': _keyId, ...rest } = metadata
  return { rateLimits, quota, rest, notes: notes.filter((note) => !note.startsWith('Kept')), status }
}

const minute = { id: 'rl_1', name: 'per-minute', limit: 100, duration: 60_000, autoApply: true }
const OF_A_MINUTE = { name: 'per-minute', limit: 100, windowSeconds: 60 }

describe('a rate limit', () => {
  it.each<readonly [string, string, object]>([
    ['of the API', fromApi({ ratelimits: [minute] }), OF_A_MINUTE],
    [
      'joined to the table, as MySQL writes what is true',
      fromTable({ ratelimits: JSON.stringify([{ ...minute, autoApply: 1 }]) }),
      OF_A_MINUTE,
    ],
    [
      'under the names of its columns',
      fromTable({ ratelimits: JSON.stringify([{ ...minute, autoApply: undefined, auto_apply: 1 }]) }),
      OF_A_MINUTE,
    ],
    [
      'in columns of the key',
      fromTable({ ratelimit_limit: '5', ratelimit_duration: '86400000' }),
      { name: 'default', limit: 5, windowSeconds: 86_400 },
    ],
    [
      'of the first API',
      fromApi({ ratelimit: { async: true, limit: 7, duration: 1_000 } }),
      { name: 'default', limit: 7, windowSeconds: 1 },
    ],
  ])('%s comes in', async (_, file, limit) => {
    expect(await limitsOf(file)).toMatchObject({ rateLimits: [limit], quota: null, rest: {} })
  })

  it.each<readonly [string, object]>([
    ['that a call has to ask for', { autoApply: false }],
    ['of half a second', { duration: 500 }],
    ['of a second and a half', { duration: 1_500 }],
    ['of more than a day', { duration: 86_401_000 }],
    ['of nothing', { limit: 0 }],
    ['with a name that none has here', { name: 'Per minute' }],
    ['with the name of a quota', { name: 'quota' }],
    ['without a duration', { duration: undefined }],
  ])('%s stays behind, and another beside it does not', async (_, fields) => {
    const other = JSON.parse(JSON.stringify({ ...minute, name: 'other', ...fields })) as object
    expect(await limitsOf(fromApi({ ratelimits: [other, minute] }))).toMatchObject({
      rateLimits: [OF_A_MINUTE],
      rest: { 'unkey.ratelimits': JSON.stringify([other]) },
    })
  })

  it('is the first of a name, and one of four', async () => {
    const named = ['a', 'b', 'a', 'c', 'd', 'e'].map((name, limit) => ({ ...minute, name, limit: limit + 1 }))
    const { rateLimits, rest } = await limitsOf(fromApi({ ratelimits: named }))
    expect(rateLimits?.map(({ name, limit }) => [name, limit])).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 4],
      ['d', 5],
    ])
    expect(JSON.parse(rest['unkey.ratelimits']!)).toEqual([named[2], named[5]])
  })

  it('of old is left where the table of new ones was read', async () => {
    const file = fromTable({ ratelimits: '[]', ratelimit_limit: '5', ratelimit_duration: '1000' })
    expect(await limitsOf(file)).toMatchObject({
      rateLimits: null,
      rest: { 'unkey.ratelimit_limit': '5', 'unkey.ratelimit_duration': '1000' },
    })
  })

  it('of old that is none here is kept as it was', async () => {
    expect(await limitsOf(fromTable({ ratelimit_limit: '5', ratelimit_duration: '1500' }))).toMatchObject({
      rateLimits: null,
      rest: { 'unkey.ratelimit': '{"limit":5,"duration":1500}' },
    })
  })

  it('that is no list of objects is metadata', async () => {
    expect(await limitsOf(fromTable({ ratelimits: 'often' }))).toMatchObject({
      rateLimits: null,
      rest: { 'unkey.ratelimits': '["often"]' },
    })
  })
})

describe('a refill', () => {
  const uses = (more: object) => fromApi({ credits: { remaining: 3, refill: { amount: 10, ...more } } })
  it.each<readonly [string, string, 'day' | 'month']>([
    ['of each day', uses({ interval: 'daily' }), 'day'],
    ['of the first of a month', uses({ interval: 'monthly', refillDay: 1 }), 'month'],
    ['of a month without a day, which is the first', uses({ interval: 'monthly' }), 'month'],
    ['in columns', fromTable({ remaining_requests: '3', refill_amount: '10' }), 'day'],
    [
      'in columns, of the first',
      fromTable({ remaining_requests: '3', refill_amount: '10', refill_day: '1' }),
      'month',
    ],
    [
      'in columns of old',
      fromTable({ remaining_requests: '3', refill_amount: '10', refill_interval: 'monthly' }),
      'month',
    ],
    ['of the first API', fromApi({ remaining: 3, refill: { interval: 'daily', amount: 10 } }), 'day'],
  ])('%s is a quota', async (_, file, period) => {
    expect(await limitsOf(file)).toEqual({
      rateLimits: null,
      quota: { limit: 10, period },
      rest: { 'unkey.remaining': '3' },
      notes: [`It had 3 uses left there until the ${period} is over; here its quota begins anew.`],
      status: 'active',
    })
  })

  it.each<readonly [string, string]>([
    ['of another day of the month', uses({ interval: 'monthly', refillDay: 15 })],
    ['of another interval', uses({ interval: 'hourly' })],
    ['of less than is left', uses({ interval: 'daily', amount: 2 })],
    ['of no whole number', uses({ interval: 'daily', amount: 10.5 })],
    [
      'in columns, of another day',
      fromTable({ remaining_requests: '3', refill_amount: '10', refill_day: '31' }),
    ],
  ])('%s is metadata', async (_, file) => {
    expect(await limitsOf(file)).toMatchObject({
      quota: null,
      rest: { 'unkey.remaining': '3', 'unkey.refill': expect.stringContaining('"amount":') },
      notes: ['It had 3 uses left there, which are not counted here.'],
      status: 'active',
    })
  })

  it('of a key whose uses are not counted limits nothing there, and nothing here', async () => {
    for (const file of [
      fromTable({ remaining_requests: 'NULL', refill_amount: '10' }),
      fromApi({ credits: { remaining: null, refill: { interval: 'daily', amount: 10 } } }),
    ])
      expect(await limitsOf(file)).toMatchObject({ quota: null, notes: [], status: 'active' })
  })

  it('keeps a key alive whose uses are spent, and without one it comes in disabled', async () => {
    const spent = { remaining_requests: '0' }
    expect(await limitsOf(fromTable({ ...spent, refill_amount: '10' }))).toMatchObject({
      quota: { limit: 10, period: 'day' },
      status: 'active',
    })
    expect(await limitsOf(fromTable({ ...spent, refill_day: '5' }))).toMatchObject({
      quota: null,
      rest: { 'unkey.refill_day': '5' },
      notes: ['Its uses are spent there: it comes in disabled.'],
      status: 'disabled',
    })
  })
})
