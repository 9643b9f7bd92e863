/** A company that somebody added to the database, or took out of it. */
import { createHmac } from 'node:crypto'
import type { CompanyId } from '@latchkey/core/ids'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readCheckpoints } from '../../src/audit/checkpoint.ts'
import { verifyCompanyList } from '../../src/audit/company-list.ts'
import { takeCheckpoint } from '../../src/audit/take-checkpoint.ts'
import { type StoreReport, verifyStore } from '../../src/audit/verify-store.ts'
import { bootstrap } from '../../src/bootstrap.ts'
import { acceptBrokenAudit } from '../../src/host/audit-on-host.ts'
import { acceptRestored, sealOlderStore } from '../../src/host/store-on-host.ts'
import { createTestCompany, startTestServer, type TestCompany, type TestService } from '../harness.ts'
import { deleteCompany, literal, tamperWith } from './tampering.ts'

let server: TestService
let companies: TestCompany[]

beforeEach(async () => {
  server = await startTestServer()
  companies = [await createTestCompany(server), await createTestCompany(server)]
})
afterEach(() => server.dispose())

const verify = (): Promise<StoreReport> => verifyStore(server.services)
const createCompany = () => server.call({ method: 'POST', path: '/companies', body: { name: 'one more' } })

const tamper = (...statements: string[]) => tamperWith(server, ...statements)

const ADDED = 'cmp_00000000000000000000000000'
const copyCompany = (id: string) =>
  tamper(
    `INSERT INTO companies (id, name, external_id, status, is_operator, last_id, users_count, keys_active,
       keys_inactive, audit_count, audit_head, audit_seal, created_at, updated_at, version)
     SELECT '${id}', name, NULL, status, 0, last_id, 0, 0, 0, 0, audit_head, audit_seal, created_at, updated_at,
       version FROM companies WHERE is_operator = 1`,
  )
const countAnew = () => tamper('UPDATE deployment SET companies_count = (SELECT count(*) FROM companies)')

describe('the list of companies', () => {
  it('holds after ordinary use', async () => {
    const { list, chains } = await verify()
    expect(list).toEqual({ isIntact: true, companies: 3 })
    expect(chains.every(({ report }) => report.isIntact)).toBe(true)
  })

  it.each([
    ['one was deleted', () => deleteCompany(server, companies[0]!.id), 'it has 2 and should have 3'],
    ['the last was deleted', () => deleteCompany(server, companies[1]!.id), 'it has 2 and should have 3'],
    ['one was added', () => copyCompany(ADDED), 'it has 4 and should have 3'],
    [
      'one was deleted and the count made to fit',
      async () => {
        await deleteCompany(server, companies[0]!.id)
        await countAnew()
      },
      'its record was changed',
    ],
    [
      'one took the place of another',
      async () => {
        await deleteCompany(server, companies[0]!.id)
        await copyCompany(ADDED)
      },
      'it does not have the same companies',
    ],
    [
      'it has another head',
      () =>
        tamper(
          `UPDATE deployment SET companies_head = (SELECT audit_head FROM companies WHERE is_operator = 1)`,
        ),
      'its record was changed',
    ],
    [
      'its seal was taken away',
      () => tamper('UPDATE deployment SET companies_head = NULL, companies_seal = NULL'),
      'it is not sealed: start the service once',
    ],
  ])('does not hold when %s', async (_what, change, reason) => {
    await change()
    expect((await verify()).list).toEqual({ isIntact: false, reason })
  })

  it.each([
    ['a changed count', 'UPDATE deployment SET companies_count = companies_count - 1'],
    ['a changed head', 'UPDATE deployment SET companies_head = companies_seal'],
    ['no seal', 'UPDATE deployment SET companies_head = NULL, companies_seal = NULL'],
  ])('with %s is not continued, and other changes go on', async (_what, sql) => {
    await tamper(sql)
    const answer = await createCompany()
    expect([answer.status, answer.body.code]).toEqual([503, 'audit_broken'])
    expect(server.logged.some((line) => line.includes('the seal of the list of companies is not ours'))).toBe(
      true,
    )
    await sealOlderStore(server.services)
    expect((await createCompany()).body.code).toBe('audit_broken')
    const user = { method: 'POST', path: '/users', body: { name: 'new', role: 'viewer' } } as const
    expect((await server.call({ ...user, key: companies[0]!.users.owner.key })).status).toBe(201)
  })

  it.each([
    ['added', () => copyCompany(ADDED)],
    ['taken away', () => deleteCompany(server, companies[0]!.id)],
  ])('with a company that was %s after somebody has looked is not accepted', async (_how, again) => {
    await tamper('UPDATE deployment SET companies_count = companies_count + 1')
    const looked = await verify()
    await again()
    await expect(acceptBrokenAudit(server.services, looked)).rejects.toMatchObject({
      code: 'audit_broken',
      message: expect.stringContaining('changed again meanwhile'),
    })
    expect((await verify()).list.isIntact).toBe(false)
    await acceptBrokenAudit(server.services, await verify())
    expect((await verify()).list.isIntact).toBe(true)
  })

  it('is not begun anew when the operator was deleted: nobody gets an admin key by that', async () => {
    await deleteCompany(server, server.admin.companyId)
    await expect(bootstrap(server.services, async () => {})).rejects.toMatchObject({ code: 'audit_broken' })
  })
})

describe('a store of an older release', () => {
  let older: string

  beforeEach(async () => {
    const check = createHmac('sha256', server.services.derivedKeys.check).update('server secret').digest()
    older = `UPDATE deployment SET secret_check = ${literal(server, check)}, companies_head = NULL, companies_seal = NULL`
    await tamper(older)
  })

  it('opens, and its list is sealed once', async () => {
    await (await server.join()).dispose()
    expect((await createCompany()).body.code).toBe('audit_broken')
    await sealOlderStore(server.services)
    await sealOlderStore(server.services)
    expect((await verify()).list).toEqual({ isIntact: true, companies: 3 })
    expect((await createCompany()).status).toBe(201)
    const { data } = (await server.call({ path: '/audit?action=store.companies_sealed' })).body
    expect(data).toMatchObject([{ changes: { companies: [null, 3] } }])
    await (await server.join()).dispose()
  })

  it('is sealed when it is accepted after a restore', async () => {
    await acceptRestored(server.services)
    expect((await verify()).list.isIntact).toBe(true)
  })

  it('whose companies are not as many as it says is not sealed', async () => {
    await deleteCompany(server, companies[0]!.id)
    await sealOlderStore(server.services)
    expect((await verify()).list.isIntact).toBe(false)
    expect((await createCompany()).body.code).toBe('audit_broken')
  })

  it('that somebody makes of a newer one shows', async () => {
    await sealOlderStore(server.services)
    expect((await verify()).chains.every(({ report }) => report.isIntact)).toBe(true)
    await deleteCompany(server, companies[0]!.id)
    await countAnew()
    await tamper(older)
    await sealOlderStore(server.services)
    const { list, chains } = await verify()
    expect(list.isIntact).toBe(true)
    const operator = chains.find(({ companyId }) => companyId === server.admin.companyId)
    expect(operator?.report).toMatchObject({
      isIntact: false,
      reason: 'the list of companies was sealed before: somebody took its seal away',
    })
  })
})

describe('a store of more companies than are read at once', () => {
  const ADDED = 1_000
  const numbered = "'cmp_0000000000000000000000' || cast(1000 + i AS text)"

  beforeEach(async () => {
    await tamper(
      `WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < ${ADDED})
       INSERT INTO companies (id, name, external_id, status, is_operator, last_id, users_count, keys_active,
         keys_inactive, audit_count, audit_head, audit_seal, created_at, updated_at, version)
       SELECT ${numbered}, name, NULL, status, 0, last_id, 0, 0, 0, 0, audit_head, audit_seal, created_at,
         updated_at, version FROM companies, numbers WHERE is_operator = 1`,
    )
  })

  it('is read to its end: every company is looked at once', async () => {
    const { engine, chain } = server.services
    const ids: CompanyId[] = []
    const list = await engine.inspect((db) => verifyCompanyList(db, chain, (id) => void ids.push(id)))
    expect(list).toEqual({ isIntact: false, reason: `it has ${ADDED + 3} and should have 3` })
    expect(new Set(ids).size).toBe(ADDED + 3)
    expect(ids).toHaveLength(ADDED + 3)
    for (const of of [undefined, ids]) {
      const taken = await engine.read((db) => takeCheckpoint(db, chain, 0, of))
      expect(new Set(taken.broken).size).toBe(ADDED)
      expect(taken.broken).toHaveLength(ADDED)
      const [checkpoint] = taken.checkpoints.flatMap((text) => readCheckpoints(chain, text))
      expect(checkpoint?.chains).toHaveLength(3)
      expect(taken.checkpoints).toHaveLength(1)
    }
  })
})
