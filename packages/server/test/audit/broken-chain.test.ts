/** What happens to writes in a company whose chain was changed from outside. */
import type { CompanyId } from '@latchkey/core/ids'
import { beforeEach, describe, expect, it } from 'vitest'
import { verifyChain } from '../../src/audit/verify-chain.ts'
import { verifyStore } from '../../src/audit/verify-store.ts'
import { acceptBrokenAudit } from '../../src/host/audit-on-host.ts'
import { setPasswordOnHost } from '../../src/host/users-on-host.ts'
import {
  createTestCompany,
  expectCreated,
  type TestCompany,
  type TestRequest,
  useTestServer,
} from '../harness.ts'

const server = useTestServer()
let company: TestCompany
let email: string
const PASSWORD = 'correct horse battery staple'

beforeEach(async () => {
  server.logged.length = 0
  company = await createTestCompany(server)
  const { users } = company
  email = `${company.id}@example.com`
  await call({ method: 'PATCH', path: `/users/${users.owner.id}`, body: { email } })
  await setPasswordOnHost(server.services, email, PASSWORD)
})

const call = (request: TestRequest) => server.call({ key: company.users.owner.key, ...request })
const verify = () =>
  server.services.engine.read((db) => verifyChain(db, server.services.chain, company.id as CompanyId))
const actions = async (): Promise<string[]> =>
  (await call({ path: '/audit?limit=4' })).body.data.map(({ action }: { action: string }) => action)

const marks = () =>
  server.services.engine.read((db) =>
    db.selectFrom('audit_events').selectAll().where('action', '=', 'audit.chain_broken').execute(),
  )

/** The last event goes, and the company's row says so; the seal cannot be made to fit. */
async function cutOff(): Promise<void> {
  const last = '(SELECT max(sequence) FROM audit_events WHERE company_id = ?)'
  await server.tamper(
    `DELETE FROM audit_events WHERE company_id = ? AND sequence = ${last}`,
    company.id,
    company.id,
  )
  await server.tamper(
    `UPDATE companies SET audit_count = ${last}, audit_head = (SELECT hash FROM audit_events
       WHERE company_id = ? AND sequence = ${last}) WHERE id = ?`,
    company.id,
    company.id,
    company.id,
    company.id,
  )
}

const acceptAll = async () => acceptBrokenAudit(server.services, await verifyStore(server.services))

const TAMPERINGS = [
  ['was cut short and counted anew', cutOff],
  ['has another count', () => tamperRow('audit_count = audit_count + 1')],
  [
    'has another head',
    () =>
      tamperRow(
        `audit_head = (SELECT hash FROM audit_events WHERE company_id = companies.id AND sequence = 2)`,
      ),
  ],
  [
    'has the seal of another company',
    () => tamperRow('audit_seal = (SELECT c.audit_seal FROM companies c WHERE c.is_operator = 1)'),
  ],
  ['was said to begin later', () => tamperRow('audit_cut = 1')],
] as const

async function tamperRow(assignment: string): Promise<void> {
  expect(await server.tamper(`UPDATE companies SET ${assignment} WHERE id = ?`, company.id)).toBe(1)
}

describe.each(TAMPERINGS)('a chain that %s', (_how, tamper) => {
  beforeEach(() => tamper())

  it('is not continued by what gives power, and says so', async () => {
    const { users } = company
    const key = `/keys/${users.viewer.keyId}`
    const user = `/users/${users.viewer.id}`
    const refused: TestRequest[] = [
      { method: 'POST', path: '/keys', body: { userId: users.viewer.id } },
      { method: 'POST', path: '/users', body: { name: 'new', role: 'viewer' } },
      { method: 'POST', path: `/users/${users.owner.id}/invitation` },
      { method: 'PATCH', path: key, body: { description: 'new' } },
      { method: 'PATCH', path: key, body: { whitelistedIPs: null, enabled: false, description: 'x' } },
      { method: 'PATCH', path: user, body: { role: 'admin' } },
      { method: 'PATCH', path: user, body: { name: 'new', status: 'inactive' } },
    ]
    for (const request of refused) {
      const answer = await call(request)
      expect([answer.status, answer.body.code]).toEqual([503, 'audit_broken'])
    }
    expect((await verify()).isIntact).toBe(false)
    expect((await call({ path: key })).body).toMatchObject({ description: null, status: 'active' })
    const logged = server.logged.filter((line) => line.includes('the seal of the audit chain of'))
    expect(logged.length).toBe(refused.length)
    expect(logged[0]).toContain(company.id)
  })

  it('is continued by what takes power away, after an event that marks the break', async () => {
    const { users } = company
    const before = await marks()
    const answer = await call({ method: 'DELETE', path: `/keys/${users.viewer.keyId}` })
    expect(answer.status).toBe(204)
    expect((await actions()).slice(0, 2)).toEqual(['key.deleted', 'audit.chain_broken'])
    const urgent: [TestRequest, number][] = [
      [{ method: 'PATCH', path: `/keys/${users.developer.keyId}`, body: { enabled: false } }, 200],
      [{ method: 'PATCH', path: `/users/${users.admin.id}`, body: { status: 'inactive' } }, 200],
      [
        { method: 'POST', path: '/auth/token', key: null, body: { username: email, password: PASSWORD } },
        200,
      ],
      [
        {
          method: 'PATCH',
          path: `/companies/${company.id}`,
          body: { status: 'inactive' },
          key: server.adminKey,
        },
        200,
      ],
    ]
    for (const [request, status] of urgent) expect((await call(request)).status).toBe(status)
    await setPasswordOnHost(server.services, email, `${PASSWORD} again`)
    // One mark for one break; and it goes on being refused what gives power.
    const marked = (await marks()).filter(({ id }) => before.every((mark) => mark.id !== id))
    expect(marked).toMatchObject([{ company_id: company.id, actor_type: 'service' }])
    const activation = {
      method: 'PATCH',
      path: `/companies/${company.id}`,
      body: { status: 'active' },
    } as const
    expect((await server.call(activation)).body.code).toBe('audit_broken')
    expect((await verify()).isIntact).toBe(false)
  })

  it('goes on when somebody on the server accepts it, and what was changed stays written down', async () => {
    await acceptAll()
    expect(await verify()).toMatchObject({ isIntact: true })
    expect(await actions()).toContain('audit.break_accepted')
    const made = { method: 'POST', path: '/keys', body: { userId: company.users.viewer.id } } as const
    expect((await call(made)).status).toBe(201)
    expect((await verify()).isIntact).toBe(true)
  })

  it('that was marked goes on when it is accepted', async () => {
    await call({ method: 'DELETE', path: `/keys/${company.users.viewer.keyId}` })
    await acceptAll()
    expect(await verify()).toMatchObject({ isIntact: true, acceptedBreaks: expect.any(Number) })
  })

  it('leaves other companies alone', async () => {
    await expectCreated(server, { path: '/keys', body: { userId: server.admin.userId } })
    const other = await createTestCompany(server)
    expect((await server.call({ path: '/keys', key: other.users.viewer.key })).status).toBe(200)
  })
})

it('a chain that was marked and then changed again is marked again', async () => {
  await cutOff()
  await call({ method: 'DELETE', path: `/keys/${company.users.viewer.keyId}` })
  await cutOff()
  await call({ method: 'DELETE', path: `/keys/${company.users.developer.keyId}` })
  expect(await actions()).toEqual(['key.deleted', 'audit.chain_broken', 'audit.chain_broken', 'user.updated'])
  expect((await verify()).isIntact).toBe(false)
})

it('what is changed after it was accepted is not accepted with it', async () => {
  const tamperAt = (sequence: number) =>
    server.tamper(
      'UPDATE audit_events SET at = at + 1 WHERE company_id = ? AND sequence = ?',
      company.id,
      sequence,
    )
  await tamperAt(3)
  await tamperAt(5)
  expect(await verify()).toMatchObject({ isIntact: false, sequence: 3 })
  await acceptAll()
  expect(await verify()).toMatchObject({ isIntact: true, acceptedBreaks: 2 })
  await tamperAt(4)
  expect(await verify()).toMatchObject({ isIntact: false, sequence: 3 })
  await acceptAll()
  expect(await verify()).toMatchObject({ isIntact: true, acceptedBreaks: 3 })
  await tamperAt(4)
  expect(await verify()).toMatchObject({ isIntact: false, sequence: 3 })
})

const tamperEvent = (sequence: number) =>
  server.tamper(
    'UPDATE audit_events SET at = at + 1 WHERE company_id = ? AND sequence = ?',
    company.id,
    sequence,
  )

it.each([
  ['in a chain', () => tamperEvent(3), () => tamperEvent(5)],
  ['at its end', () => tamperRow('audit_count = audit_count + 1'), cutOff],
])('what is changed after it was looked at is not accepted with it: %s', async (_, first, second) => {
  await first()
  const looked = await verifyStore(server.services)
  await second()
  await expect(acceptBrokenAudit(server.services, looked)).rejects.toMatchObject({
    code: 'audit_broken',
    message: expect.stringContaining('meanwhile'),
  })
  expect((await verify()).isIntact).toBe(false)
  await acceptAll()
  expect((await verify()).isIntact).toBe(true)
})

it('what goes on in a chain that was marked does not keep anybody from accepting it', async () => {
  await cutOff()
  await call({ method: 'DELETE', path: `/keys/${company.users.developer.keyId}` })
  const looked = await verifyStore(server.services)
  await call({ method: 'DELETE', path: `/keys/${company.users.viewer.keyId}` })
  await acceptBrokenAudit(server.services, looked)
  expect((await verify()).isIntact).toBe(true)
})

it('a list of companies that was changed goes on when it is accepted', async () => {
  const { list } = await verifyStore(server.services)
  await server.tamper('UPDATE deployment SET companies_count = companies_count + 1')
  expect((await verifyStore(server.services)).list.isIntact).toBe(false)
  await acceptAll()
  const report = await verifyStore(server.services)
  expect([list.isIntact, report.list]).toEqual([true, list])
  expect(report.chains.every((one) => one.report.isIntact)).toBe(true)
  await createTestCompany(server)
})

it('in a company whose chain does not hold people end their sessions and change their password', async () => {
  await tamperRow('audit_count = audit_count + 1')
  const form = { 'x-latchkey-console': '1', 'sec-fetch-site': 'same-origin', host: 'localhost' }
  const ask = (method: 'DELETE' | 'GET' | 'POST' | 'PUT', path: string, cookie = '', body?: object) =>
    call({
      method,
      path: `/console${path}`,
      key: null,
      headers: { ...form, ...(cookie === '' ? {} : { cookie }) },
      ...(body === undefined ? {} : { body }),
    })
  const signIn = async (password: string) => {
    const { headers } = await ask('POST', '/session', '', { username: email, password })
    return String(headers['set-cookie']).split(';')[0]!
  }
  const [mine] = [await signIn(PASSWORD), await signIn(PASSWORD)]
  const { data } = (await ask('GET', '/sessions', mine)).body
  const other = data.find(({ isCurrent }: { isCurrent: boolean }) => !isCurrent)
  const password = `${PASSWORD} again`
  const answers = [
    await ask('DELETE', `/sessions/${other.id}`, mine),
    await ask('PUT', '/password', mine, { currentPassword: PASSWORD, password }),
    await ask('DELETE', '/session', mine),
    await ask('DELETE', '/sessions', await signIn(password)),
  ]
  expect(answers.map(({ status }) => status)).toEqual([204, 204, 204, 204])
  const written = (await call({ path: '/audit?limit=20' })).body.data.map(
    ({ action }: { action: string }) => action,
  )
  for (const action of ['session.ended', 'user.password_set', 'user.sessions_ended']) {
    expect(written).toContain(action)
  }
})
