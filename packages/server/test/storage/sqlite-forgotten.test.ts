/** What a restore gives back that had been taken away: every kind, by name, and nothing else. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeEach, describe, expect, test } from 'vitest'
import { setPasswordOnHost } from '../../src/host/users-on-host.ts'
import { storeFileOf } from '../../src/open-store.ts'
import { backupSqlite } from '../../src/storage/sqlite/backup.ts'
import { findForgotten } from '../../src/storage/sqlite/forgotten.ts'
import { FORGOTTEN_KINDS } from '../../src/storage/tables/forgotten.ts'
import { expectCreated, type Parsed, useTestServer } from '../harness.ts'
import { givePassword, sessionToken } from '../tokens/issued-token.ts'

const LATER = '2027-06-01T00:00:00.000Z'
const SOONER = '2027-01-01T00:00:00.000Z'
const BURST = { name: 'burst', limit: 10, windowSeconds: 60 }
const CALLS = { name: 'calls', limit: 100, windowSeconds: 3_600 }
const RATE_LIMITS = [BURST, CALLS]

const server = useTestServer({ LATCHKEY_SECRET: 'a secret of this test, long enough to be one' })
let directory: string
let company: Parsed
let user: Parsed
let key: Parsed
let email: string

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-forgotten-'))
  company = await expectCreated(server, { path: '/companies', body: { name: 'Acme' } })
  user = await expectCreated(server, {
    path: '/users',
    body: { name: 'Ada', role: 'developer', externalId: `auth|${company.id}`, permissions: ['orders:*'] },
  })
  email = await givePassword(server, user.id)
  key = await expectCreated(server, {
    path: '/keys',
    body: {
      userId: user.id,
      whitelistedIPs: ['192.0.2.0/24', '2001:db8::/32'],
      permissions: ['orders:*'],
      expiresAt: LATER,
      rateLimits: RATE_LIMITS,
      quota: { limit: 1_000, period: 'day' },
    },
  })
  return () => rmSync(directory, { recursive: true, force: true })
})

const patchOf = (path: () => string) => (body: object) => async () => {
  expect((await server.call({ method: 'PATCH', path: path(), body })).status).toBe(200)
}
const patchKey = patchOf(() => `/keys/${key.id}`)
const patchUser = patchOf(() => `/users/${user.id}`)
const patchCompany = patchOf(() => `/companies/${company.id}`)
const tamper = (sql: () => string) => async () => void (await server.tamper(sql()))

/** What a restore of a backup from before the change forgets. */
async function forgottenAfter(change: () => Promise<unknown>) {
  const [copy, later] = [join(directory, 'copy.db'), join(directory, 'later.db')]
  await backupSqlite(storeFileOf(server.dataDir), copy, () => {})
  await change()
  await backupSqlite(storeFileOf(server.dataDir), later, () => {})
  return findForgotten(later, copy, Date.now())?.kinds
}

const invite = async () => (await expectCreated(server, { path: `/users/${user.id}/invitation` })).token
const endSession = (token: string) =>
  server.call({
    method: 'DELETE',
    path: '/auth/token',
    key: null,
    headers: { authorization: `Bearer ${token}` },
  })

type Case = readonly [kind: string, nameOf: () => unknown, change: () => Promise<unknown>]
const ofKey = () => key.id
const ofUser = () => user.id
const ofCompany = () => company.id

const TAKEN_AWAY: readonly Case[] = [
  ['companyDeactivated', ofCompany, patchCompany({ status: 'inactive' })],
  ['userDeactivated', ofUser, patchUser({ status: 'inactive' })],
  ['userDeleted', ofUser, tamper(() => `UPDATE users SET deleted_at = 1 WHERE id = '${user.id}'`)],
  ['userDemoted', ofUser, patchUser({ role: 'viewer' })],
  ['userPermissions', ofUser, patchUser({ permissions: ['orders:read'] })],
  ['userPermissions', ofUser, patchUser({ permissions: [] })],
  ['userEmail', ofUser, () => patchUser({ email: `new-${email}` })()],
  ['userEmail', ofUser, patchUser({ email: null })],
  ['userExternalId', ofUser, patchUser({ externalId: null })],
  [
    'password',
    ofUser,
    () => setPasswordOnHost(server.services, user.id, 'another password, of the host this time'),
  ],
  ['password', ofUser, tamper(() => `DELETE FROM passwords WHERE user_id = '${user.id}'`)],
  ['keyDeleted', ofKey, () => server.call({ method: 'DELETE', path: `/keys/${key.id}` })],
  ['keyDisabled', ofKey, patchKey({ enabled: false })],
  ['keyAllowlist', ofKey, patchKey({ whitelistedIPs: ['192.0.2.0/25', '2001:db8::/32'] })],
  ['keyAllowlist', ofKey, patchKey({ whitelistedIPs: ['198.51.100.0/24'] })],
  ['keyPermissions', ofKey, patchKey({ permissions: ['orders:read'] })],
  [
    'keyPermissions',
    ofKey,
    tamper(() => `UPDATE keys SET ceiling = '{"role":"viewer","permissions":[]}' WHERE id = '${key.id}'`),
  ],
  ['keyExpiry', ofKey, patchKey({ expiresAt: SOONER })],
  ['keyLimits', ofKey, patchKey({ rateLimits: [{ ...BURST, limit: 9 }, CALLS] })],
  ['keyLimits', ofKey, patchKey({ rateLimits: [BURST, { ...CALLS, windowSeconds: 3_601 }] })],
  ['keyLimits', ofKey, patchKey({ rateLimits: [...RATE_LIMITS, { ...BURST, name: 'more' }] })],
  // Under another name a limit begins anew.
  ['keyLimits', ofKey, patchKey({ rateLimits: [{ ...BURST, name: 'peak' }, CALLS] })],
  ['keyLimits', ofKey, patchKey({ quota: { limit: 999, period: 'day' } })],
  ['keyLimits', ofKey, patchKey({ quota: { limit: 1_000, period: 'month' } })],
  ['keyLimits', ofKey, patchKey({ rateLimits: [{ ...BURST, limit: 9 }], quota: null })],
  ['keySecret', ofKey, tamper(() => `UPDATE keys SET fingerprint = randomblob(32) WHERE id = '${key.id}'`)],
  ['keyUnknown', ofKey, tamper(() => `DELETE FROM keys WHERE id = '${key.id}'`)],
  ['auditPruned', ofCompany, tamper(() => `UPDATE companies SET audit_cut = 1 WHERE id = '${company.id}'`)],
  [
    'auditErased',
    ofCompany,
    tamper(() => `UPDATE audit_events SET redaction = zeroblob(32) WHERE company_id = '${company.id}'`),
  ],
]

describe('is named', () => {
  test.each(TAKEN_AWAY)('%s', async (kind, nameOf, change) => {
    expect(await forgottenAfter(change)).toEqual([{ kind, count: 1, names: [nameOf()] }])
  })

  test('companyExternalId', async () => {
    await patchCompany({ externalId: `org_${company.id}` })()
    const named = { kind: 'companyExternalId', count: 1, names: [company.id] }
    expect(await forgottenAfter(patchCompany({ externalId: null }))).toEqual([named])
  })

  test.each([{ rateLimits: [BURST] }, { quota: { limit: 1_000, period: 'day' } }])(
    'keyLimits, of a key that had none: %j',
    async (change) => {
      await patchKey({ rateLimits: null, quota: null })()
      const named = { kind: 'keyLimits', count: 1, names: [key.id] }
      expect(await forgottenAfter(patchKey(change))).toEqual([named])
    },
  )

  describe('a rotation', () => {
    const path = () => `/keys/${key.id}/rotation`
    const rotate = (overlapSeconds: number) => () =>
      expectCreated(server, { path: path(), body: { overlapSeconds } })
    const moveEnd = (ms: number) => () =>
      patchOf(path)({ previousEndsAt: new Date(Date.now() + ms).toISOString() })()
    test.each<readonly [string, string[], (() => Promise<unknown>) | null, () => Promise<unknown>]>([
      ['that left no overlap', ['keySecret'], null, rotate(0)],
      ['that left one', ['keySecret'], null, rotate(3_600)],
      ['whose end came sooner', ['keyPreviousSecret'], rotate(3_600), moveEnd(60_000)],
      ['that was ended', ['keyPreviousSecret'], rotate(3_600), moveEnd(-1)],
      ['that got longer: nothing', [], rotate(3_600), moveEnd(7_200_000)],
      [
        'that was cancelled',
        ['keySecret'],
        rotate(3_600),
        () => server.call({ method: 'DELETE', path: path() }),
      ],
    ])('%s', async (_name, kinds, before, change) => {
      await before?.()
      expect(await forgottenAfter(change)).toEqual(kinds.map((kind) => ({ kind, count: 1, names: [key.id] })))
    })
  })

  test('userUnknown', async () => {
    const other = await expectCreated(server, { path: '/users', body: { name: 'Bob', role: 'viewer' } })
    const gone = tamper(() => `DELETE FROM users WHERE id = '${other.id}'`)
    expect(await forgottenAfter(gone)).toEqual([{ kind: 'userUnknown', count: 1, names: [other.id] }])
  })

  test('invitation', async () => {
    await invite()
    const named = { kind: 'invitation', count: 1, names: [user.id] }
    expect(await forgottenAfter(invite)).toEqual([named])
  })

  test('session', async () => {
    const token = await sessionToken(server, email)
    const kinds = await forgottenAfter(() => endSession(token))
    const name = expect.stringMatching(new RegExp(`^ses_\\w+ of ${user.id}$`))
    expect(kinds).toEqual([{ kind: 'session', count: 1, names: [name] }])
  })

  test('and of many some are named and all are counted', async () => {
    const made: string[] = []
    for (let n = 0; n < 25; n += 1) {
      made.push((await expectCreated(server, { path: '/keys', body: { userId: user.id } })).id)
    }
    const kinds = await forgottenAfter(async () => {
      for (const id of made) await server.call({ method: 'DELETE', path: `/keys/${id}` })
    })
    expect(kinds).toEqual([{ kind: 'keyDeleted', count: 25, names: made.slice(0, 20) }])
  })

  test('every kind there is', () => {
    const apart = ['companyExternalId', 'keyPreviousSecret', 'userUnknown', 'invitation', 'session']
    expect(new Set([...TAKEN_AWAY.map(([kind]) => kind), ...apart])).toEqual(new Set(FORGOTTEN_KINDS))
  })
})

describe('is not named', () => {
  test.each<readonly [string, () => Promise<unknown>]>([
    ['nothing happened', async () => {}],
    ['another name', patchUser({ name: 'Ada Lovelace' })],
    ['a higher role', patchUser({ role: 'admin' })],
    ['more permissions', patchUser({ permissions: ['orders:*', 'stock:read'] })],
    ['the same permissions in another order', patchKey({ permissions: ['orders:read', 'orders:*'] })],
    ['more addresses', patchKey({ whitelistedIPs: ['192.0.0.0/16', '2001:db8::/32'] })],
    ['every address', patchKey({ whitelistedIPs: null })],
    ['a later end', patchKey({ expiresAt: '2028-01-01T00:00:00.000Z' })],
    ['no end', patchKey({ expiresAt: null })],
    ['a higher limit', patchKey({ rateLimits: [{ ...BURST, limit: 11 }, CALLS] })],
    ['a shorter window', patchKey({ rateLimits: [BURST, { ...CALLS, windowSeconds: 3_599 }] })],
    ['the same limits in another order', patchKey({ rateLimits: [CALLS, BURST] })],
    ['a limit fewer', patchKey({ rateLimits: [CALLS] })],
    ['no limits', patchKey({ rateLimits: null })],
    ['a higher quota', patchKey({ quota: { limit: 1_001, period: 'day' } })],
    ['no quota', patchKey({ quota: null })],
    ['a description', patchKey({ description: 'of the shop', metadata: { shop: '1' } })],
    ['a new key', () => expectCreated(server, { path: '/keys', body: { userId: user.id } })],
    ['a first external id', () => patchCompany({ externalId: `org_${company.id}` })()],
    ['an invitation that was made since', invite],
    [
      'a password that was hashed anew',
      tamper(() => `UPDATE passwords SET hash = hash || 'x' WHERE user_id = '${user.id}'`),
    ],
  ])('%s', async (_, change) => {
    expect(await forgottenAfter(change)).toEqual([])
  })

  test.each(['is over', 'had ended before'])('a session that %s', async (how) => {
    await sessionToken(server, email)
    const [column, at] = how === 'is over' ? ['expires_at', 1] : ['ended_at', 1]
    await server.tamper(`UPDATE sessions SET ${column} = ${at} WHERE user_id = '${user.id}'`)
    const gone = tamper(() => `DELETE FROM sessions WHERE user_id = '${user.id}'`)
    expect(await forgottenAfter(gone)).toEqual([])
  })

  test('an invitation that is over', async () => {
    await invite()
    await server.tamper('UPDATE invitations SET expires_at = 1')
    expect(await forgottenAfter(invite)).toEqual([])
  })

  test('a key that was deleted already', async () => {
    await server.call({ method: 'DELETE', path: `/keys/${key.id}` })
    expect(await forgottenAfter(patchUser({ name: 'Eve' }))).toEqual([])
  })
})

test('a store of an older release is compared too, as far as it goes', async () => {
  const [copy, later] = [join(directory, 'copy.db'), join(directory, 'later.db')]
  await backupSqlite(storeFileOf(server.dataDir), copy, () => {})
  await server.call({ method: 'DELETE', path: `/keys/${key.id}` })
  await backupSqlite(storeFileOf(server.dataDir), later, () => {})
  const deleted = { kind: 'keyDeleted', count: 1, names: [key.id] }
  for (const file of [copy, later]) {
    const database = new DatabaseSync(file)
    database.exec(`DROP INDEX users_listed; ALTER TABLE keys DROP COLUMN ceiling; ALTER TABLE companies DROP COLUMN audit_cut;
      ALTER TABLE audit_events DROP COLUMN redaction; ALTER TABLE users DROP COLUMN deleted_at`)
    database.close()
    expect(findForgotten(later, copy, Date.now())?.kinds).toContainEqual(deleted)
  }
  expect(findForgotten(later, copy, Date.now())?.kinds).toEqual([deleted])
})

test('a store of a release without limits says no more of them than one with none', async () => {
  const [copy, later] = [join(directory, 'copy.db'), join(directory, 'later.db')]
  for (const file of [copy, later]) await backupSqlite(storeFileOf(server.dataDir), file, () => {})
  const kindsOf = (old: string, restored: string) => findForgotten(old, restored, Date.now())?.kinds
  const change = (file: string, sql: string) => {
    const database = new DatabaseSync(file)
    database.exec(sql)
    database.close()
  }
  change(copy, 'ALTER TABLE keys DROP COLUMN rate_limits; ALTER TABLE keys DROP COLUMN quota')
  // The server has keys of other tests too.
  change(later, `UPDATE keys SET rate_limits = NULL, quota = NULL WHERE id <> '${key.id}'`)
  expect(kindsOf(later, copy)).toEqual([{ kind: 'keyLimits', count: 1, names: [key.id] }])
  expect(kindsOf(copy, later)).toEqual([])
  expect(kindsOf(copy, copy)).toEqual([])
})
