import { AuditEvent } from '@latchkey/contract/schemas/audit'
import { beforeAll, describe, expect, test } from 'vitest'
import { exportAuditEvents } from '../../src/host/audit-on-host.ts'
import { pruneAuditOnHost } from '../../src/host/prune-audit-on-host.ts'
import { expectProblem, expectSchema } from '../answer-checks.ts'
import { createFakeClock, HOUR_MS } from '../fake-clock.ts'
import {
  createTestCompany,
  type Parsed,
  type TestAnswer,
  type TestCompany,
  type TestRequest,
  useTestServer,
} from '../harness.ts'

const KEYS = 6

const clock = createFakeClock()
let company: TestCompany
/** Ids of keys made an hour apart, oldest first; the first was changed, the second deleted, by two people. */
const keys: string[] = []

const server = useTestServer({}, { clock })
beforeAll(async () => {
  company = await createTestCompany(server)
  const { admin, owner, developer } = company.users
  for (let count = 0; count < KEYS; count++) {
    clock.move(HOUR_MS)
    const body = { userId: developer.id, description: `n ${count}` }
    keys.push((await server.call({ method: 'POST', path: '/keys', key: admin.key, body })).body.id)
  }
  clock.move(HOUR_MS)
  const body = { description: 'changed' }
  await server.call({ method: 'PATCH', path: `/keys/${keys[0]}`, key: owner.key, body })
  await server.call({ method: 'DELETE', path: `/keys/${keys[1]}`, key: owner.key, from: '198.51.100.7' })
})

const audit = (query: Record<string, string> = {}, request: Partial<TestRequest> = {}): Promise<TestAnswer> =>
  server.call({ key: company.users.admin.key, ...request, path: `/audit?${new URLSearchParams(query)}` })
const events = async (query: Record<string, string> = {}): Promise<readonly Parsed[]> =>
  (await audit({ limit: '100', ...query })).body.data
const at = (hours: number) => new Date(Date.parse('2026-11-20T09:30:00.000Z') + hours * HOUR_MS).toISOString()

describe('an event', () => {
  test('says who did what to what, when, from where, in which request, and what changed', async () => {
    const answer = await server.call({
      method: 'PATCH',
      path: `/keys/${keys[5]}`,
      key: company.users.owner.key,
      from: '2001:DB8::7',
      body: { description: 'seen', whitelistedIPs: ['10.0.0.0/8'] },
    })
    const [event] = await events({ objectId: keys[5]! })
    expectSchema(AuditEvent, event)
    expect(event).toEqual({
      id: expect.stringMatching(/^evt_[0-9a-z]{26}$/),
      companyId: company.id,
      sequence: expect.any(Number),
      at: new Date(clock.nowMs()).toISOString(),
      action: 'key.updated',
      actor: { type: 'key', id: company.users.owner.keyId, userId: company.users.owner.id },
      object: { type: 'key', id: keys[5] },
      address: '2001:db8::7',
      requestId: answer.headers['x-request-id'],
      changes: { description: ['[personal]', '[personal]'], whitelistedIPs: [null, ['10.0.0.0/8']] },
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
  })

  test('is one for each change, none for a refusal, a reading or a verification', async () => {
    const before = (await audit({ limit: '1' })).body.total
    const { admin, viewer, developer } = company.users
    await server.call({ path: '/keys', key: admin.key })
    await server.call({ method: 'POST', path: '/verify', key: admin.key, body: { key: viewer.key } })
    await server.call({ method: 'POST', path: '/keys', key: viewer.key, body: { userId: viewer.id } })
    await server.call({ method: 'POST', path: '/keys', key: admin.key, body: { userId: 'nobody' } })
    await server.call({ method: 'DELETE', path: '/keys/key_x', key: admin.key })
    await server.call({ path: '/me', key: 'wrong' })
    expect((await audit({ limit: '1' })).body.total).toBe(before)
    await server.call({ method: 'POST', path: '/keys', key: admin.key, body: { userId: developer.id } })
    expect((await audit({ limit: '1' })).body.total).toBe(before + 1)
  })
})

describe('the list', () => {
  test('is newest first, whole, and numbered without a gap', async () => {
    const all = await events()
    expect(all.map(({ sequence }) => sequence)).toEqual(all.map((_, index) => all.length - index))
    expect((await audit()).body.total).toBe(all.length)
  })

  test.each([1, 2, 3, 7, 100])(
    'has pages of %d that follow each other without gap or repetition',
    async (limit) => {
      const all = (await events()).map(({ id }) => id)
      const found: string[] = []
      let next: string | null = `/audit?limit=${limit}`
      let last: Parsed
      while (next !== null) {
        const { body } = await server.call({ path: next, key: company.users.admin.key })
        expect(body.total).toBe(all.length)
        expect(body.count).toBe(body.data.length)
        found.push(...body.data.map(({ id }: Parsed) => id))
        next = body.nextUrl === null ? null : body.nextUrl.replace(/^http:\/\/[^/]+/, '')
        last = body
      }
      expect(found).toEqual(all)
      if (found.length <= limit) return
      const back = await server.call({
        path: last.previousUrl.replace(/^http:\/\/[^/]+/, ''),
        key: company.users.admin.key,
      })
      const start = found.length - last.data.length
      expect(back.body.data.map(({ id }: Parsed) => id)).toEqual(all.slice(start - limit, start))
    },
  )

  test('carries its filters from page to page', async () => {
    const query = { action: 'key.created', actorId: company.users.admin.keyId, since: at(2), limit: '1' }
    const { body } = await audit(query)
    for (const [name, value] of Object.entries(query)) {
      expect(new URL(body.nextUrl).searchParams.get(name)).toBe(value)
    }
  })
})

describe('a filter', () => {
  const shown = async (query: Record<string, string>) =>
    (await events(query)).map(({ action, object }) => `${action} ${keys.indexOf(object.id)}`)

  test('by actor', async () => {
    expect(await shown({ actorId: company.users.owner.keyId, until: at(7.5), objectId: keys[1]! })).toEqual([
      'key.deleted 1',
    ])
    const mine = await events({ actorId: company.users.admin.keyId })
    expect(new Set(mine.map(({ actor }) => actor.id))).toEqual(new Set([company.users.admin.keyId]))
  })

  test('by user: whatever the user did it with, and nobody else', async () => {
    const { id, keyId } = company.users.admin
    const [all, by] = [await events({ limit: '100' }), await events({ actorId: id, limit: '100' })]
    const mine = all.filter(({ actor }) => actor.userId === id)
    expect(by.map((event) => event.id)).toEqual(mine.map((event) => event.id))
    expect(by.some(({ actor }) => actor.id === keyId)).toBe(true)
    expect(mine.length).toBeLessThan(all.length)
  })

  test('by action', async () => {
    expect(await shown({ action: 'key.deleted' })).toEqual(['key.deleted 1'])
    expect(await shown({ action: 'key.delete' })).toEqual([])
    expect(await shown({ action: 'KEY.DELETED' })).toEqual([])
    expect(await shown({ action: 'key.%' })).toEqual([])
  })

  test('by object', async () => {
    expect(await shown({ objectId: keys[0]! })).toEqual(['key.updated 0', 'key.created 0'])
    const [made] = await events({ objectId: company.users.viewer.id })
    expect(made).toMatchObject({ action: 'user.created', object: { type: 'user' } })
  })

  test('by time: from the first moment, up to and without the last', async () => {
    const created = { action: 'key.created', actorId: company.users.admin.keyId }
    expect(await shown({ ...created, since: at(2), until: at(5) })).toEqual(
      [3, 2, 1].map((index) => `key.created ${index}`),
    )
    expect(await shown({ ...created, since: at(2), until: at(2) })).toEqual([])
    expect(await shown({ ...created, since: at(5), until: at(2) })).toEqual([])
    expect(await shown({ ...created, since: '2026-11-20T12:30:00+01:00', until: at(3) })).toEqual([
      'key.created 1',
    ])
  })

  test('with others keeps what satisfies all of them, and counts exactly that', async () => {
    const query = { action: 'key.created', objectId: keys[3]!, since: at(1), until: at(5) }
    expect(await shown(query)).toEqual(['key.created 3'])
    expect((await audit(query)).body).toMatchObject({ total: 1, count: 1, nextUrl: null, previousUrl: null })
    expect(await shown({ ...query, until: at(4) })).toEqual([])
  })

  test.each([
    ['since', 'yesterday'],
    ['since', '2026-11-20'],
    ['until', '1763631000000'],
    ['until', '2026-11-20T09:30:00'],
    ['since', '2026-02-30T00:00:00Z'],
    ['actorId', ''],
    ['actorId', 'x'.repeat(101)],
    ['action', ''],
    ['objectId', ''],
    ['limit', '0'],
    ['limit', '101'],
  ])('%s=%s is refused', async (name, value) => {
    expectProblem(await audit({ [name]: value }), { code: 'invalid_parameter', parameter: name })
  })

  test.each(['actor', 'actions', 'object', 'from', 'to', 'companyId', 'requestId'])(
    'misspelt as %s is refused, not ignored',
    async (name) => {
      expectProblem(await audit({ [name]: 'x' }), { code: 'unknown_parameter', parameter: name })
    },
  )
})

describe('who may read', () => {
  test.each([
    ['owner', 200],
    ['admin', 200],
    ['developer', 403],
    ['viewer', 403],
  ] as const)('%s: %d', async (role, status) => {
    expect((await audit({}, { key: company.users[role].key })).status).toBe(status)
  })

  test('one company’s events only, whatever is asked for', async () => {
    const other = await createTestCompany(server)
    const theirs = await audit({ limit: '100' }, { key: other.users.admin.key })
    expect(new Set(theirs.body.data.map(({ companyId }: Parsed) => companyId))).toEqual(new Set([other.id]))
    const [mine] = await events()
    for (const query of [{ objectId: keys[0]! }, { actorId: company.users.admin.keyId }] as const) {
      const answer = await audit({ ...query }, { key: other.users.admin.key })
      expect(answer.body).toMatchObject({ total: 0, data: [] })
    }
    expectProblem(await audit({ startingAfter: mine.id }, { key: other.users.admin.key }), 'invalid_cursor')
  })

  test('and nobody may write: there is no way to change or remove an event', async () => {
    const [event] = await events()
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
      expectProblem(await server.call({ method, path: '/audit' }), 'method_not_allowed')
      expectProblem(await server.call({ method, path: `/audit/${event.id}` }), 'route_not_found')
    }
  })
})

describe('the export', () => {
  async function exported(companyId: string): Promise<Parsed[]> {
    const lines: Parsed[] = []
    for await (const line of exportAuditEvents(server.services, companyId)) lines.push(JSON.parse(line))
    return lines
  }

  test('is every event as the list shows it, oldest first', async () => {
    expect(await exported(company.id)).toEqual([...(await events())].reverse())
  })

  test('of more events than are read at once leaves none out, or says so', async () => {
    const busy = await createTestCompany(server)
    const path = `/keys/${busy.users.viewer.keyId}`
    const change = (count: number) =>
      server.call({ method: 'PATCH', path, key: busy.users.admin.key, body: { description: `n ${count}` } })
    for (let count = 0; count < 1_100; count += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, index) => change(count + index)))
    }
    const all = await exported(busy.id)
    expect(all.length).toBeGreaterThan(1_100)
    expect(all.map(({ sequence }) => sequence)).toEqual(all.map((_, index) => index + 1))
    const overtaken = exportAuditEvents(server.services, busy.id)
    await overtaken.next()
    await pruneAuditOnHost(server.services, server.services.clock.nowMs() + 1, { write() {}, keep() {} })
    const rest = async () => {
      for await (const _line of overtaken);
    }
    await expect(rest()).rejects.toThrow(/pruned meanwhile/)
    expect((await exported(busy.id)).at(-1).action).toBe('audit.pruned')
  })

  test.each(['cmp_00000000000000000000000000', 'x', ''])('of no company (%j) is refused', async (id) => {
    await expect(exported(id)).rejects.toMatchObject({ code: 'company_not_found' })
  })
})
