/** What lies beside the keys of an old system, and may not become one here; and a right that would grow. */
import { describe, expect, it } from 'vitest'
import { ACME, EXPORTED_AT, linesOf, sha256 } from './expected-keys.ts'
import { readAll, refusals, rowsFor, rowsOf } from './reading.ts'

const DIGEST = sha256(ACME).toString('hex')
const SESSION = { rate: 1000, per: 60, expires: 0, access_rights: null, org_id: 'o', is_inactive: false }
const TOKEN = '9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b'

describe('of the Redis of Tyk', () => {
  it.each([
    ['a window of rates', { key: `rate-limit-${DIGEST}`, ttl: -1, type: 'zset', value: ['1', '2'] }],
    ['a quota', { key: `quota-${DIGEST}`, ttl: -1, value: '3' }],
    ['an organisation', { key: 'orgkey.5e9d9544a1dcd60001d0ed20', value: SESSION }],
    ['a name that holds another', { key: `quota-apikey-${DIGEST}`, value: SESSION }],
    ['a value that is a number', { key: `apikey-${DIGEST}`, ttl: -1, value: '3' }],
    ['a value that is a list', { key: `apikey-${DIGEST}`, ttl: -1, value: '[]' }],
    ['no value', { key: `apikey-${DIGEST}`, ttl: -1 }],
    ['a session without an end', { key: `apikey-${DIGEST}`, value: { ...SESSION, expires: undefined } }],
    [
      'a session without rights',
      { key: `apikey-${DIGEST}`, value: { ...SESSION, access_rights: undefined } },
    ],
    ['a hash without a session', { key_hash: DIGEST }],
  ])('%s is no key', async (_name, row) => {
    const entries = await readAll('tyk', linesOf(row, { key_hash: DIGEST, session: SESSION }))
    expect(refusals(entries)).toEqual([expect.stringMatching(/^1: this is no API key/)])
    expect(rowsFor(entries, ACME)).toHaveLength(1)
  })

  it.each(['expires', 'ttl'])('%s of a row that no time can hold costs that row only', async (name) => {
    const file = linesOf(
      { key: `apikey-${DIGEST}`, ttl: 9999999999999, value: SESSION },
      { key: `apikey-${DIGEST}`, ttl: -1, value: { ...SESSION, expires: 9999999999999 } },
      { key: `apikey-${DIGEST}`, ttl: 60, value: { ...SESSION, expires: 4102444800 } },
    )
    const entries = await readAll('tyk', file, { exportedAtMs: EXPORTED_AT })
    expect(refusals(entries)[name === 'ttl' ? 0 : 1]).toMatch(new RegExp(`: ${name} is .* which is no time`))
    expect(rowsOf(entries).map(({ expiresAt }) => expiresAt)).toEqual(['2026-11-28T04:01:00.000Z'])
  })
})

describe('a right of Tyk', () => {
  const rowWith = (right: object) =>
    linesOf({
      key: `apikey-${DIGEST}`,
      value: { ...SESSION, access_rights: { a: { api_id: 'a', ...right } } },
    })

  it.each([
    ['allowed_urls', [{ url: '/x', methods: ['GET'] }]],
    ['restricted_types', [{ name: 'Query', fields: ['accounts'] }]],
    ['allowed_types', [{ name: 'Query', fields: ['accounts'] }]],
    ['field_access_rights', [{ type_name: 'Query', field_name: 'x', limits: {} }]],
  ])('to a part of an API does not become one to all of it: %s', async (name, value) => {
    const entries = await readAll('tyk', rowWith({ [name]: value }))
    expect(refusals(entries)).toEqual([
      expect.stringMatching(new RegExp(`^1: its access_rights are for a part of an API only \\(${name}\\)`)),
    ])
    expect(rowsOf(entries)).toEqual([])
  })

  it('keeps what else it says, with a note', async () => {
    const right = { versions: ['v1'], limit: { rate: 5, per: 0 }, allowed_urls: [], allowance_scope: '' }
    const [row] = rowsOf(await readAll('tyk', rowWith(right)))
    expect(row?.permissions).toEqual(['api:a'])
    expect(row?.metadata['tyk.access_rights.a']).toBe('{"versions":["v1"],"limit":{"rate":5,"per":0}}')
    expect(row?.notes.join()).toContain('tyk.access_rights.a')
  })

  it('says nothing more where nothing is set', async () => {
    const right = { versions: ['Default'], limit: { rate: 0, per: 0 }, allowed_urls: null }
    const [row] = rowsOf(await readAll('tyk', rowWith(right)))
    expect(Object.keys(row!.metadata)).not.toContain('tyk.access_rights.a')
  })
})

it('a secret of signatures stays out of a key of Tyk', async () => {
  const value = { ...SESSION, hmac_enabled: false, hmac_string: 'hunter2' }
  const [row] = rowsOf(await readAll('tyk', linesOf({ key: `apikey-${DIGEST}`, value })))
  expect(row?.notes).toContain('tyk.hmac_string is left out: it may hold secrets.')
  expect(JSON.stringify(row)).not.toContain('hunter2')
})

describe('of the models of Django', () => {
  const token = { model: 'authtoken.token', pk: TOKEN, fields: { user: 12, created: '2026-01-31T08:00:00Z' } }

  it.each([
    [{ model: 'shop.order', pk: '550e8400-e29b-41d4-a716-446655440000', fields: { user: 5 } }],
    [{ model: 'shop.coupon', pk: 3, fields: { user: 5, key: ACME } }],
    [{ pk: '550e8400-e29b-41d4-a716-446655440000', fields: { user: 5 } }],
  ])('%j is no key', async (item) => {
    const entries = await readAll('drf', JSON.stringify([token, item]))
    expect(refusals(entries)).toEqual([
      expect.stringMatching(/^1: its model is neither authtoken\.token nor one with a hashed_key/),
    ])
    expect(rowsOf(entries).map(({ externalUserId }) => externalUserId)).toEqual(['12'])
  })

  it('a row of a table is no key by its number', async () => {
    const entries = await readAll('drf', linesOf({ key: TOKEN, user_id: 12 }, { pk: ACME, user_id: 5 }))
    expect(refusals(entries)).toEqual([expect.stringMatching(/^2: it has neither a key nor a hash/)])
  })

  it('one with a hashed_key is one', async () => {
    const fields = { prefix: 'OpqRs8Tv', hashed_key: `sha512$$${'ab'.repeat(64)}`, revoked: false }
    const [row] = rowsOf(
      await readAll('drf', JSON.stringify([{ model: 'own.key', pk: 'x', fields: { ...fields, user: 5 } }])),
    )
    expect([row?.externalUserId, row?.prefix]).toEqual(['5', 'OpqRs8Tv'])
  })
})
