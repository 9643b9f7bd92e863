/** POST /verify/record: a verifier elsewhere reaches the very verdict that POST /verify gives. */

import { randomBytes } from 'node:crypto'
import type { KeyRecordResult } from '@latchkey/contract/schemas/verifiers'
import { parseAddress } from '@latchkey/core/address'
import { compileAllowlist } from '@latchkey/core/allowlist'
import { evaluate, IN_FORCE } from '@latchkey/core/evaluate'
import type { Fingerprint } from '@latchkey/core/fingerprint'
import type { CompanyId, KeyId, UserId } from '@latchkey/core/ids'
import type { VerifiableKey } from '@latchkey/core/key'
import type { KeySecret } from '@latchkey/core/loaded-key'
import { compileAuthority, type Role } from '@latchkey/core/permission'
import { generateSecret } from '@latchkey/core/secret'
import { beforeAll, describe, expect, test } from 'vitest'
import { presentOutcome } from '../../../src/http/gateway/verify-attempt.ts'
import { createFakeClock, HOUR_MS } from '../../fake-clock.ts'
import {
  createTestCompany,
  expectCreated,
  type Parsed,
  type TestCompany,
  useTestServer,
} from '../../harness.ts'
import { accessToken } from '../../tokens/issued-token.ts'

type KeyRecord = NonNullable<KeyRecordResult['record']>

const clock = createFakeClock()
const server = useTestServer({}, { clock })
let company: TestCompany
let other: TestCompany

beforeAll(async () => {
  company = await createTestCompany(server)
  other = await createTestCompany(server)
})

const admin = () => company.users.admin.key
const post = async (path: string, body: unknown, key = admin()): Promise<Parsed> => {
  const answer = await server.call({ method: 'POST', path, body, key })
  expect(answer.status, answer.text).toBe(200)
  return answer.body
}
const recordOf = (key: string, by = admin()): Promise<KeyRecordResult> => post('/verify/record', { key }, by)
const patch = async (path: string, body: unknown) =>
  expect((await server.call({ method: 'PATCH', path, body, headers: inCompany() })).status).toBe(200)
const inCompany = () => ({ 'x-company-id': company.id })
const create = (fields: object = {}, userId = company.users.developer.id): Promise<Parsed> =>
  expectCreated(server, { path: '/keys', key: admin(), body: { userId, ...fields } })

/** As a verifier would take a record in. */
function compiled(record: KeyRecord): { key: VerifiableKey; secret: KeySecret } {
  const { secret } = record
  return {
    key: {
      id: record.keyId as KeyId,
      companyId: record.companyId as CompanyId,
      userId: record.userId as UserId,
      mode: record.mode,
      isActive: record.isActive,
      isUserActive: record.isUserActive,
      isCompanyActive: record.isCompanyActive,
      expiresAtMs: record.expiresAt === null ? null : Date.parse(record.expiresAt),
      allowlist: record.whitelistedIPs === null ? null : compileAllowlist([...record.whitelistedIPs]),
      role: record.role as Role,
      isOperator: false,
      authority: compileAuthority({
        role: 'owner',
        isOperator: true,
        userPermissions: null,
        narrowings: [record.permissions],
      }),
      // One that has some is asked about each time.
      limits: null,
      metadata: record.metadata,
    },
    secret: {
      tag: '' as Fingerprint,
      ordinal: secret.ordinal,
      endsAtMs: secret.endsAt === null ? null : Date.parse(secret.endsAt),
      ...(secret.isOver ? { isOver: true as const } : {}),
      replaces: null,
    },
  }
}

function judgedElsewhere(record: KeyRecord, ip: string | undefined, permissions: readonly string[]): Parsed {
  const { key, secret } = compiled(record)
  const address = ip === undefined ? undefined : parseAddress(ip)
  const attempt = { ...IN_FORCE, address, permissions, nowMs: clock.nowMs() }
  return presentOutcome(
    { outcome: evaluate(key, attempt, secret), token: undefined, charged: undefined },
    'elsewhere',
  )
}

const later = (ms: number) => new Date(clock.nowMs() + ms).toISOString()

/** The text to present, of keys in every state. */
const KEYS: Readonly<Record<string, () => Promise<string>>> = {
  'without restrictions': async () => (await create()).key,
  'with an allowlist': async () => (await create({ whitelistedIPs: ['192.0.2.0/24', '2001:db8::/64'] })).key,
  'that is narrowed': async () => (await create({ permissions: ['orders:read', 'keys:list'] })).key,
  'narrowed to areas': async () => (await create({ permissions: ['orders:*', 'keys:*'] })).key,
  'of a viewer': async () => (await create({}, company.users.viewer.id)).key,
  'of an owner': async () => company.users.owner.key,
  'with metadata, in test mode': async () => (await create({ mode: 'test', metadata: { team: 'a' } })).key,
  'that ends in an hour': async () => (await create({ expiresAt: later(HOUR_MS) })).key,
  'that has ended': async () => {
    const { key } = await create({ expiresAt: later(1_000) })
    clock.move(1_001)
    return key
  },
  'that is disabled': async () => {
    const { id, key } = await create()
    await patch(`/keys/${id}`, { enabled: false })
    return key
  },
  'that is deleted': async () => {
    const { id, key } = await create()
    await server.call({ method: 'DELETE', path: `/keys/${id}`, key: admin() })
    return key
  },
  'whose user is inactive': async () => {
    const user = await expectCreated(server, {
      path: '/users',
      body: { name: 'Ada', role: 'developer' },
      headers: inCompany(),
    })
    const { key } = await create({}, user.id)
    await patch(`/users/${user.id}`, { status: 'inactive' })
    return key
  },
  'that has a new secret, by the old one': async () => {
    const { id, key } = await create()
    await expectCreated(server, { path: `/keys/${id}/rotation`, key: admin(), body: { overlapSeconds: 60 } })
    return key
  },
  'that has a new secret, by the new one': async () => {
    const { id } = await create()
    const request = { path: `/keys/${id}/rotation`, key: admin(), body: { overlapSeconds: 60 } }
    return (await expectCreated(server, request)).key
  },
  'that has a new secret, by one that is over': async () => {
    const { id, key } = await create()
    for (const overlapSeconds of [0, 0]) {
      await expectCreated(server, { path: `/keys/${id}/rotation`, key: admin(), body: { overlapSeconds } })
      clock.move(1_000)
    }
    return key
  },
}

const ADDRESSES = [undefined, '192.0.2.7', '198.51.100.7', '2001:db8::7']
const PERMISSIONS = [[], ['orders:read'], ['orders:write', 'invoices:read'], ['keys:list'], ['keys:create']]

describe('a key', () => {
  test.each(Object.entries(KEYS))('%s is judged from its record as by the service', async (_, make) => {
    const key = await make()
    const { record, askServer } = await recordOf(key)
    expect(askServer).toBe(false)
    for (const ip of ADDRESSES) {
      for (const permissions of PERMISSIONS) {
        const asked = { key, permissions, ...(ip === undefined ? {} : { ip }) }
        const { requestId: _id, ...verdict } = await post('/verify', asked)
        expect(judgedElsewhere(record!, ip, permissions)).toMatchObject(verdict)
      }
    }
  })

  test.each<[boolean, object]>([
    [false, {}],
    [true, { rateLimits: [{ name: 'minute', limit: 5, windowSeconds: 60 }] }],
    [true, { quota: { limit: 5, period: 'day' } }],
  ])('is limited: %s, where it has %j', async (isLimited, limits) => {
    expect((await recordOf((await create(limits)).key)).record).toMatchObject({ isLimited })
  })

  test('of a company that is inactive is judged so by the operator', async () => {
    const { id, users } = await createTestCompany(server)
    await server.call({ method: 'PATCH', path: `/companies/${id}`, body: { status: 'inactive' } })
    const { record } = await recordOf(users.viewer.key, server.adminKey)
    expect(judgedElsewhere(record!, undefined, []).code).toBe('COMPANY_INACTIVE')
  })
})

describe('what a record does not say', () => {
  test('unknown, foreign and malformed texts have one answer', async () => {
    const unknown = generateSecret({ prefix: 'lk', mode: 'live', randomBytes }).reveal()
    const answers = []
    for (const key of [unknown, other.users.admin.key, 'sesame', '', `${unknown}x`, unknown.slice(0, -1)]) {
      answers.push(await recordOf(key))
    }
    for (const answer of answers) expect(answer).toEqual(answers[0])
    expect(answers[0]).toMatchObject({ record: null, askServer: false })
  })

  test('the operator sees the keys of all, and of one company alone while it acts for it', async () => {
    const { key } = other.users.admin
    expect((await recordOf(key, server.adminKey)).record?.companyId).toBe(other.id)
    const headers = inCompany()
    const asked = await server.call({ method: 'POST', path: '/verify/record', body: { key }, headers })
    expect(asked.body.record).toBe(null)
  })

  test('tokens are for the service to judge', async () => {
    const { key, id } = await create()
    for (const text of [await accessToken(server, { id, key }), 'eyJhbGciOiJub25lIn0.e30.']) {
      expect(await recordOf(text)).toMatchObject({ record: null, askServer: true })
    }
  })

  test('nothing of the secret, or of what it is found by, is in it', async () => {
    const { key } = await create()
    const text = JSON.stringify((await recordOf(key)).record)
    const rows = await server.services.engine.read((db) =>
      db.selectFrom('keys').select('fingerprint').execute(),
    )
    for (const { fingerprint } of rows) {
      for (const form of ['hex', 'base64', 'base64url', 'latin1'] as const) {
        expect(text).not.toContain(Buffer.from(fingerprint).toString(form))
      }
    }
    expect(text).not.toContain(key.slice(-8))
  })

  test('whoever may not verify gets none', async () => {
    const asked = { method: 'POST', path: '/verify/record', body: { key: admin() } } as const
    expect((await server.call({ ...asked, key: company.users.viewer.key })).body.code).toBe(
      'missing_permission',
    )
  })
})

test('a record is no older than the revision it comes with', async () => {
  const { id, key } = await create()
  const before = await recordOf(key)
  await patch(`/keys/${id}`, { enabled: false })
  const after = await recordOf(key)
  expect(after.revision).toBeGreaterThan(before.revision)
  expect([before.record?.isActive, after.record?.isActive]).toEqual([true, false])
  expect([after.epoch, after.server]).toEqual([before.epoch, before.server])
})
