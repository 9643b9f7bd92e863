/** On a nearly full disk nothing is added any more, so that what takes a power away still has room. */
import { operations } from '@latchkey/contract/operations'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { importOnHost } from '../../src/host/import-on-host.ts'
import { needsRoom } from '../../src/http/admission/room.ts'
import type { SourceLine } from '../../src/import/import-row.ts'
import { judgeLines } from '../../src/import/judge-lines.ts'
import { readSource } from '../../src/import/read-source.ts'
import { createDisk, isRoomLeft } from '../../src/storage/sqlite/room.ts'
import { expectProblem } from '../answer-checks.ts'
import {
  createTestCompany,
  expectCreated,
  startTestServer,
  type TestCompany,
  type TestRequest,
  useTestServer,
} from '../harness.ts'

const MIB = 1024 * 1024
const GIB = 1024 * MIB
const AMPLE = { freeBytes: 10 * GIB, allBytes: 100 * GIB }
const SCARCE = { freeBytes: 63 * MIB, allBytes: 100 * GIB }

let company: TestCompany
let disk = AMPLE

const server = useTestServer({}, { disk: () => disk })
beforeAll(async () => {
  company = await createTestCompany(server)
})
beforeEach(() => {
  disk = AMPLE
})

const send = (request: TestRequest) => server.call({ headers: { 'x-company-id': company.id }, ...request })

test.each([
  ['100 GiB', 65 * MIB, 100 * GIB, true],
  ['100 GiB', 64 * MIB, 100 * GIB, false],
  ['100 MiB', 6 * MIB, 100 * MIB, true],
  ['100 MiB', 5 * MIB, 100 * MIB, false],
  ['nothing', 0, 0, false],
])('of %s, %i free bytes leave room: %#', (_, freeBytes, allBytes, isLeft) => {
  expect(isRoomLeft({ freeBytes, allBytes })).toBe(isLeft)
})

test('what is free and spoken for leaves none', () => {
  expect(isRoomLeft({ freeBytes: 66 * MIB, allBytes: 100 * GIB }, MIB)).toBe(true)
  expect(isRoomLeft({ freeBytes: 66 * MIB, allBytes: 100 * GIB }, 2 * MIB)).toBe(false)
})

/** Of a verifier elsewhere. */
function aReport() {
  const now = new Date().toISOString()
  const { keyId } = company.users.developer
  const use = { keyId, secretOrdinal: 1, code: 'VALID', count: 1, lastAt: now, lastAddress: null }
  return { reportId: 'report-of-a-verifier', from: now, to: now, now, uses: [use] }
}

test('of all operations that are no reads, these are the ones that a nearly full disk takes', () => {
  const unknown = { bytes: Buffer.alloc(0), value: { anything: 'else' } }
  const takes = Object.entries(operations).filter(
    ([id, { method }]) => method !== 'GET' && !needsRoom(id as keyof typeof operations, unknown),
  )
  expect(takes.map(([id]) => id).sort()).toEqual([
    'cancelRotation',
    'createSession',
    'createShortLivedToken',
    'deleteApiKey',
    'deleteUser',
    'endSession',
    'followChanges',
    'getKeyRecord',
    'previewAllowlist',
    'renewSession',
    'setPassword',
    'updateRotation',
    'verifyApiKey',
    'verifyApiKeys',
  ])
})

test.each([
  ['ample', 10 * GIB, 9.9, 1],
  ['ample, for long', 10 * GIB, 10, 2],
  ['just ample', GIB, 9.9, 1],
  ['not quite ample', GIB - 1, 0, 2],
  ['scarce', 63 * MIB, 0, 2],
  ['full', 0, 0, 2],
])('a disk that was %s is believed so long: %#', (_, freeBytes, afterMs, expected) => {
  let nowMs = 1_000
  let looks = 0
  const look = createDisk(
    '/',
    () => nowMs,
    () => ({ freeBytes: ++looks === 1 ? freeBytes : 0, allBytes: 100 * GIB }),
  )
  expect(look().freeBytes).toBe(freeBytes)
  nowMs += afterMs
  expect(look().freeBytes).toBe(expected === 1 ? freeBytes : 0)
  expect(looks).toBe(expected)
  // Never longer than that from the look on, however often it is asked.
  nowMs += 10 - afterMs
  look()
  expect(looks).toBeGreaterThan(1)
})

const key = () => `/keys/${company.users.developer.keyId}`
const user = () => `/users/${company.users.viewer.id}`

describe('on a nearly full disk', () => {
  test.each<readonly [string, () => TestRequest]>([
    [
      'a creation of a key',
      () => ({ method: 'POST', path: '/keys', body: { userId: company.users.viewer.id } }),
    ],
    ['a creation of a user', () => ({ method: 'POST', path: '/users', body: { name: 'U', role: 'viewer' } })],
    [
      'a creation of a company',
      () => ({ method: 'POST', path: '/companies', body: { name: 'C' }, headers: {} }),
    ],
    ['an invitation', () => ({ method: 'POST', path: `${user()}/invitation` })],
    ['a rotation', () => ({ method: 'POST', path: `${key()}/rotation`, body: { overlapSeconds: 0 } })],
    [
      'an import of keys',
      () => ({
        method: 'POST',
        path: '/keys/import',
        body: { user: company.users.viewer.id, keys: [{ key: 'shop_Hq3bXz81LmNc0RtYpWs4Kd7v' }] },
      }),
    ],
    ['a report of uses', () => ({ method: 'POST', path: '/usage/reports', body: aReport(), headers: {} })],
    ['metadata', () => ({ method: 'PATCH', path: key(), body: { metadata: { a: 'b' } } })],
    ['enabling', () => ({ method: 'PATCH', path: key(), body: { enabled: true } })],
    ['lifting a restriction', () => ({ method: 'PATCH', path: key(), body: { whitelistedIPs: null } })],
    [
      'disabling together with a description',
      () => ({ method: 'PATCH', path: key(), body: { enabled: false, description: 'd' } }),
    ],
    [
      'a long allowlist',
      () => ({
        method: 'PATCH',
        path: key(),
        body: { whitelistedIPs: Array.from({ length: 600 }, (_, n) => `10.0.${n >> 8}.${n & 255}`) },
      }),
    ],
    ['a new name', () => ({ method: 'PATCH', path: user(), body: { name: 'N' } })],
    ['activating', () => ({ method: 'PATCH', path: user(), body: { status: 'active' } })],
  ])('%s is refused, in words that say why, and done when there is room', async (_, request) => {
    disk = SCARCE
    const { detail } = expectProblem(await send(request()), 'unavailable')
    expect(detail).toContain('nearly full')
    disk = AMPLE
    const { status, body } = await send(request())
    // Without an email address there is no invitation: it gets as far as that.
    if (request().path.endsWith('/invitation')) expect(body.code).toBe('invalid_field')
    else expect(status).toBeLessThan(300)
  })

  test('what was let in while there was room is refused in its transaction', async () => {
    let looks = 0
    const odd = await startTestServer({}, { disk: () => (++looks === 1 ? AMPLE : SCARCE) })
    try {
      looks = 0
      const answer = await odd.call({ method: 'POST', path: '/users', body: { name: 'U', role: 'viewer' } })
      expectProblem(answer, 'unavailable')
      expect(looks).toBe(2)
      expect((await odd.call({ path: '/users' })).body.total).toBe(1)
    } finally {
      await odd.dispose()
    }
  })

  test.each<readonly [string, () => TestRequest, number]>([
    ['reading', () => ({ path: '/keys' }), 200],
    ['verifying', () => ({ method: 'POST', path: '/verify', body: { key: company.users.viewer.key } }), 200],
    ['disabling', () => ({ method: 'PATCH', path: key(), body: { enabled: false } }), 200],
    [
      'tightening',
      () => ({
        method: 'PATCH',
        path: key(),
        body: { whitelistedIPs: ['192.0.2.1'], expiresAt: '2100-01-01T00:00:00Z' },
      }),
      200,
    ],
    ['deleting', () => ({ method: 'DELETE', path: key() }), 204],
    ['deactivating a user', () => ({ method: 'PATCH', path: user(), body: { status: 'inactive' } }), 200],
    [
      'a short-lived token',
      () => ({
        method: 'POST',
        path: '/auth/token/short-lived',
        body: { permissions: ['keys:list'] },
        headers: {},
      }),
      200,
    ],
    [
      'deactivating a company',
      () => ({
        method: 'PATCH',
        path: `/companies/${company.id}`,
        body: { status: 'inactive' },
        headers: {},
      }),
      200,
    ],
  ])('%s is possible', async (_, request, status) => {
    disk = SCARCE
    expect((await send(request())).status).toBe(status)
  })

  test('uses are noted in memory, and written when there is room', async () => {
    const { usage, engine } = server.services
    const { id: userId } = await expectCreated(server, {
      path: '/users',
      body: { name: 'U', role: 'viewer' },
    })
    const { key, id } = await expectCreated(server, { path: '/keys', body: { userId } })
    const rowsOf = () =>
      engine.read(async (db) => {
        const counted = await db.selectFrom('usage_keys').select('number').where('key_id', '=', id).execute()
        const used = await db.selectFrom('key_usage').selectAll().where('key_id', '=', id).execute()
        return [counted.length, used.length]
      })
    disk = SCARCE
    const used = await server.call({ method: 'POST', path: '/verify', body: { key } })
    expect(used.body.valid).toBe(true)
    await expect(usage.flush()).rejects.toThrow('nearly full')
    expect(await rowsOf()).toEqual([0, 0])
    disk = AMPLE
    await usage.flush()
    expect(await rowsOf()).toEqual([1, 1])
  })

  test('an import on the host ends where the room does, tells what it did, and goes on when there is more', async () => {
    const told: unknown[] = []
    const keys = Array.from({ length: 600 }, (_, n) => `shop_Wn5cVb82KjHg4FdSaQ${n}`)
    const run = async () => {
      for await (const step of importOnHost(server.services, linesOf(keys), {
        companyId: company.id,
        source: 'ndjson',
        extras: {},
        userId: company.users.admin.id,
        createsUsers: false,
        isDryRun: false,
      })) {
        told.push(...step)
      }
    }
    async function* linesOf(texts: readonly string[]): AsyncGenerator<SourceLine> {
      const file = Buffer.from(texts.map((text) => JSON.stringify({ key: text })).join('\n'))
      async function* bytes() {
        yield file
      }
      const rules = { hasOwner: true, hasPepper: false, hasSalt: false }
      let lines = 0
      for await (const line of judgeLines(readSource('ndjson', bytes, { keyPrefix: 'lk' }), rules)) {
        if (texts === keys && told.length === 0 && ++lines > 500) disk = SCARCE
        yield line
      }
    }
    await expect(run()).rejects.toThrow(/nearly full.*begin the import again/)
    expect(told).toHaveLength(500)
    disk = AMPLE
    await run()
    expect(told).toHaveLength(1_100)
  })
})
