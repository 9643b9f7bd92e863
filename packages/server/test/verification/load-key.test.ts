import { createHash } from 'node:crypto'
import { parseAddress } from '@latchkey/core/address'
import { contains } from '@latchkey/core/allowlist'
import { AppError } from '@latchkey/core/error'
import { fingerprintFromBytes } from '@latchkey/core/fingerprint'
import type { KeyId } from '@latchkey/core/ids'
import { compileKey } from '@latchkey/core/key-record'
import { listPermissions } from '@latchkey/core/permission'
import { describe, expect, test } from 'vitest'
import { NotAcceptedError } from '../../src/storage/not-accepted.ts'
import { recordOf, type VerifiableRow } from '../../src/storage/tables/verifiable-record.ts'
import { loadKey } from '../../src/verification/load-key.ts'

const ID = 'key_1' as KeyId
const BYTES = createHash('sha256').update('a secret').digest()

const aRow = (changes: Partial<VerifiableRow> = {}): VerifiableRow => ({
  id: ID,
  company_id: 'cmp_1',
  user_id: 'usr_1',
  fingerprint: BYTES,
  secret_ordinal: 1,
  previous_tag: null,
  mode: 'test',
  status: 'active',
  expires_at: null,
  whitelisted_ips: null,
  permissions: null,
  ceiling: null,
  metadata: '{}',
  rate_limits: null,
  quota: null,
  role: 'developer',
  user_status: 'active',
  user_permissions: null,
  company_status: 'active',
  is_operator: 0,
  ...changes,
})

const compiled = (row: VerifiableRow) => compileKey(recordOf(row))

/** Of an owner: all but the operator's own. */
const OF_TENANT = [
  '*:*',
  'audit:*',
  'keys:create',
  'keys:delete',
  'keys:list',
  'keys:read',
  'keys:rotate',
  'keys:update',
  'keys:verify',
  'users:*',
]

describe('a store that does not answer is no store without the key', () => {
  test.each([
    [
      'throws',
      () => {
        throw new Error('disk I/O error')
      },
    ],
    ['rejects', () => Promise.reject(new Error('disk I/O error'))],
  ])('that %s: cannot_verify, with the reason for the log', async (_name, findKey) => {
    const refusal = await Promise.resolve()
      .then(() => loadKey({ findKey }, ID))
      .catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(AppError)
    expect(refusal).toMatchObject({
      code: 'cannot_verify',
      detail: 'Whether the key is valid cannot be told now: try again in a moment.',
      retryAfterSeconds: 1,
      cause: new Error('disk I/O error'),
    })
  })

  test('one that the operator has not accepted says so, and when to ask again', () => {
    const findKey = () => {
      throw new NotAcceptedError('The store was restored.')
    }
    expect(() => loadKey({ findKey }, ID)).toThrow(
      expect.objectContaining({
        code: 'cannot_verify',
        detail: 'The store was restored.',
        retryAfterSeconds: 60,
      }),
    )
  })

  test('neither is a row that cannot be read', () => {
    expect(() => loadKey({ findKey: () => recordOf(aRow({ metadata: '{' })) }, ID)).toThrow(
      expect.objectContaining({ code: 'cannot_verify' }),
    )
  })
})

test('a key that is not there is null, at once or later', async () => {
  expect(loadKey({ findKey: () => undefined }, ID)).toBeNull()
  expect(await loadKey({ findKey: async () => undefined }, ID)).toBeNull()
})

test('a key that is there is what its row says, at once or later', async () => {
  const row = aRow()
  expect(loadKey({ findKey: () => recordOf(row) }, ID)).toEqual(compiled(row))
  expect(await loadKey({ findKey: async () => recordOf(row) }, ID)).toEqual(compiled(row))
})

describe('what judging takes of a row', () => {
  test('as it stands there', () => {
    const { secrets, key } = compiled(aRow({ expires_at: 5_000, metadata: '{"a":"b"}' }))
    expect(secrets).toEqual([
      { tag: fingerprintFromBytes(BYTES), ordinal: 1, endsAtMs: null, replaces: null },
    ])
    expect(key).toMatchObject({
      id: 'key_1',
      companyId: 'cmp_1',
      userId: 'usr_1',
      mode: 'test',
      isActive: true,
      isUserActive: true,
      isCompanyActive: true,
      expiresAtMs: 5_000,
      allowlist: null,
      role: 'developer',
      isOperator: false,
      limits: null,
      metadata: { a: 'b' },
    })
  })

  test.each([
    ['status', 'isActive'],
    ['user_status', 'isUserActive'],
    ['company_status', 'isCompanyActive'],
  ] as const)('%s: anything but active is not active', (column, field) => {
    for (const status of ['inactive', 'deleted', 'invited', '', 'Active']) {
      const { key } = compiled(aRow({ [column]: status }))
      const states = { isActive: true, isUserActive: true, isCompanyActive: true, [field]: false }
      expect(key).toMatchObject(states)
    }
  })

  test('a session and a user have no secret', () => {
    expect(compiled(aRow({ fingerprint: null })).secrets).toEqual([])
  })

  test('the addresses it may be used from', () => {
    const { key } = compiled(aRow({ whitelisted_ips: '["192.0.2.0/24","2001:db8::1"]' }))
    const isInside = (text: string) => contains(key.allowlist!, parseAddress(text)!)
    expect(['192.0.2.7', '2001:db8::1', '192.0.3.7'].map(isInside)).toEqual([true, true, false])
  })

  test.each<[Partial<VerifiableRow>, string[]]>([
    [{ role: 'viewer' }, ['keys:list', 'keys:read']],
    [{ permissions: '["keys:list","orders:read"]' }, ['keys:list', 'orders:read']],
    [{ permissions: '[]' }, []],
    [{ user_permissions: '["orders:*"]', permissions: '["orders:read","bills:read"]' }, ['orders:read']],
    [{ user_permissions: '[]', permissions: '["orders:read","keys:list"]' }, ['keys:list']],
    [{ ceiling: '{"role":"viewer","permissions":["keys:list"]}' }, ['keys:list']],
    [{ ceiling: '{"role":"owner","permissions":["orders:read"]}' }, ['orders:read']],
    [{ role: 'owner', is_operator: 1 }, ['*']],
    [{ role: 'owner', is_operator: 0 }, OF_TENANT],
    [{ role: 'owner', is_operator: 2 }, OF_TENANT],
  ])('what it may do: %j', (changes, permissions) => {
    const { key } = compiled(aRow(changes))
    expect(listPermissions(key.authority)).toEqual(permissions)
    expect(key.isOperator).toBe(changes.is_operator === 1)
  })

  test('a lower role of whoever made it is its role', () => {
    expect(compiled(aRow({ ceiling: '{"role":"viewer","permissions":["*"]}' })).key.role).toBe('viewer')
  })
})
