import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { expectProblem } from '../../answer-checks.ts'
import { companyKeys } from '../../company-keys.ts'
import { createFakeClock, HOUR_MS } from '../../fake-clock.ts'
import {
  createTestCompany,
  type Parsed,
  type TestAnswer,
  type TestCompany,
  useTestServer,
} from '../../harness.ts'

const clock = createFakeClock()
const server = useTestServer({}, { clock })
let company: TestCompany
/** A key with a value in every field. */
let made: Parsed

beforeAll(async () => {
  company = await createTestCompany(server)
})

const FIELDS = {
  whitelistedIPs: ['10.0.0.0/8'],
  description: 'ci',
  expiresAt: '2027-01-31T00:00:00.000Z',
  permissions: ['keys:read', 'orders:*'],
  metadata: { team: 'a' },
}

beforeEach(async () => {
  made = await create(FIELDS)
})

const { admin, create } = companyKeys(server, () => company)
const patch = (
  body: object,
  headers: Record<string, string | string[]> = {},
  key = admin(),
): Promise<TestAnswer> => server.call({ method: 'PATCH', path: `/keys/${made.id}`, key, body, headers })
const read = (): Promise<TestAnswer> => server.call({ path: `/keys/${made.id}`, key: admin() })
const events = async (): Promise<readonly Parsed[]> =>
  (await server.call({ path: `/audit?objectId=${made.id}`, key: admin() })).body.data
const totals = async (): Promise<readonly number[]> =>
  Promise.all(
    ['active', 'inactive'].map(
      async (status) =>
        (await server.call({ path: `/keys?status=${status}&limit=1`, key: admin() })).body.total,
    ),
  )

describe('a change', () => {
  test.each<readonly [field: string, sent: unknown, answered: unknown]>([
    ['description', 'deploy', 'deploy'],
    ['description', null, null],
    ['whitelistedIPs', ['2001:DB8::1', '1.1.1.1/32'], ['2001:db8::1', '1.1.1.1']],
    ['whitelistedIPs', '1.1.1.1, 2.2.2.2', ['1.1.1.1', '2.2.2.2']],
    ['whitelistedIPs', null, null],
    ['expiresAt', '2028-02-01T01:00:00+01:00', '2028-02-01T00:00:00.000Z'],
    ['expiresAt', null, null],
    ['permissions', ['orders:read', 'orders:read'], ['orders:read']],
    ['permissions', [], []],
    ['permissions', null, null],
    ['metadata', { b: 'c' }, { b: 'c' }],
    ['metadata', {}, {}],
    ['enabled', false, false],
  ])('of %s to %j is answered, read, and the one thing that changed', async (field, sent, answered) => {
    clock.move(1_000)
    const answer = await patch({ [field]: sent })
    const { key: _, ...before } = made
    const isDisabled = field === 'enabled'
    const expected = {
      ...before,
      [field]: answered,
      updatedAt: new Date(clock.nowMs()).toISOString(),
      ...(isDisabled ? { status: 'inactive', statusReason: 'disabled' } : {}),
    }
    expect(answer).toMatchObject({ status: 200, headers: { etag: '"2"' }, body: expected })
    expect((await read()).body).toEqual(answer.body)
    expect(answer.body.key).not.toContain(made.key.slice(12, -4))
    const [event, ...earlier] = await events()
    expect(event).toMatchObject({ action: 'key.updated', actor: { id: company.users.admin.keyId } })
    // What people write on a key may be about somebody: that it changed is told, and not what it says.
    const told = (value: unknown) =>
      ['description', 'metadata'].includes(field) && value !== null ? '[personal]' : value
    expect(event.changes).toEqual({ [field]: [told(made[field]), told(answered)] })
    expect(earlier.map(({ action }) => action)).toEqual(['key.created'])
  })

  test('of several fields at once is one event', async () => {
    await patch({ description: 'x', metadata: {}, permissions: null })
    expect(Object.keys((await events())[0].changes).sort()).toEqual([
      'description',
      'metadata',
      'permissions',
    ])
  })

  test('that changes nothing is 200 without an event, a version or a moment', async () => {
    const before = await read()
    clock.move(1_000)
    const bodies = [
      { description: FIELDS.description },
      { whitelistedIPs: ['10.1.2.3/8'] },
      { expiresAt: '2027-01-31T01:00:00+01:00' },
      { ...FIELDS, enabled: true },
    ]
    for (const body of bodies) {
      const answer = await patch(body)
      expect(answer).toMatchObject({ status: 200, headers: { etag: '"1"' } })
      expect(answer.body).toEqual(before.body)
    }
    expect(await events()).toHaveLength(1)
  })

  test('is in force when it is answered', async () => {
    const key = made.key
    const use = (from: string) => server.call({ path: `/keys/${made.id}`, key, from })
    expect((await use('10.0.0.1')).status).toBe(200)
    await patch({ whitelistedIPs: ['192.0.2.1'] })
    expectProblem(await use('10.0.0.1'), 'ip_not_allowed')
    expect((await use('192.0.2.1')).status).toBe(200)
    await patch({ permissions: ['keys:list'] })
    expectProblem(await server.call({ path: '/audit', key, from: '192.0.2.1' }), 'missing_permission')
    await patch({ expiresAt: new Date(clock.nowMs() + HOUR_MS).toISOString() })
    clock.move(HOUR_MS)
    expectProblem(await use('192.0.2.1'), 'key_expired')
    await patch({ expiresAt: null })
    expect((await use('192.0.2.1')).status).toBe(200)
  })
})

describe('disabling', () => {
  test('stops the key at once and enabling lets it work again, the counters following', async () => {
    await patch({ whitelistedIPs: null })
    const [active = 0, inactive = 0] = await totals()
    await patch({ enabled: false })
    expectProblem(await server.call({ path: '/me', key: made.key }), 'key_inactive')
    expect(await totals()).toEqual([active - 1, inactive + 1])
    await patch({ enabled: false })
    expect(await totals()).toEqual([active - 1, inactive + 1])
    await patch({ enabled: true })
    expect((await server.call({ path: '/me', key: made.key })).status).toBe(200)
    expect(await totals()).toEqual([active, inactive])
  })
})

describe('removing a restriction', () => {
  test.each([[[]], [''], [','], [[',']], [[' ']]])(
    'takes an explicit null: whitelistedIPs %j is refused and the restriction stays',
    async (whitelistedIPs) => {
      expectProblem(await patch({ whitelistedIPs }), { code: 'invalid_ip' })
      expect((await read()).body.whitelistedIPs).toEqual(FIELDS.whitelistedIPs)
    },
  )

  test('never happens by a misspelt, unknown or read-only field, nor partly', async () => {
    const before = (await read()).body
    for (const [name, code] of [
      ['whitelistedIps', 'unknown_field'],
      ['whitelist', 'unknown_field'],
      ['ips', 'unknown_field'],
      ['status', 'read_only_field'],
      ['userId', 'read_only_field'],
      ['mode', 'read_only_field'],
    ] as const) {
      expectProblem(await patch({ description: 'new', [name]: null }), { code, pointer: `/${name}` })
    }
    expectProblem(await patch({ description: 'new', whitelistedIPs: ['1.1.1.300'] }), 'invalid_ip')
    expect((await read()).body).toEqual(before)
    expect(await events()).toHaveLength(1)
  })

  test.each([
    ['description', ''],
    ['description', 1],
    ['expiresAt', '2000-01-01T00:00:00Z'],
    ['expiresAt', 'tomorrow'],
    ['expiresAt', 0],
    ['permissions', ['Orders:read']],
    ['permissions', 'orders:read'],
    ['permissions', ['keys:nonsense']],
    ['metadata', []],
    ['metadata', 'x'],
    ['enabled', 'false'],
    ['enabled', 0],
  ])('%s cannot be %j', async (field, value) => {
    const answer = await patch({ [field]: value })
    expect(expectProblem(answer, 'invalid_field').errors[0].pointer).toMatch(new RegExp(`^/${field}`))
    expect(await events()).toHaveLength(1)
  })

  test('an empty change is refused', async () => {
    expectProblem(await patch({}), 'invalid_body')
  })
})

describe('If-Match', () => {
  test.each([['"1"'], ['*'], ['W/"1"'], ['"0", "1"'], ['"0","1","7"'], [['"0"', '"1"']]])(
    '%j lets the change through',
    async (tag) => {
      expect((await patch({ description: 'x' }, { 'if-match': tag })).headers.etag).toBe('"2"')
    },
  )

  test.each([['"2"'], ['"0"'], ['1'], ['W/"2"'], ['"01"'], ['""'], ['"1'], ['x'], [''], ['"2", "3"']])(
    '%j is 412 and changes nothing',
    async (tag) => {
      expectProblem(await patch({ description: 'x' }, { 'if-match': tag }), 'precondition_failed')
      expect((await read()).body.description).toBe('ci')
      expect(await events()).toHaveLength(1)
    },
  )

  test('holds also for a change that would change nothing', async () => {
    expectProblem(await patch({ description: 'ci' }, { 'if-match': '"7"' }), 'precondition_failed')
  })

  test('of two changes at once from one reading, one wins and the other is told', async () => {
    const { headers } = await read()
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((description) => patch({ description }, { 'if-match': String(headers.etag) })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412])
    const winner = answers.find(({ status }) => status === 200)
    expect((await read()).body).toEqual(winner?.body)
  })

  test('moves with each change, and with deletion', async () => {
    await patch({ description: 'a' })
    await patch({ description: 'b' })
    expect((await read()).headers.etag).toBe('"3"')
    await server.call({ method: 'DELETE', path: `/keys/${made.id}`, key: admin() })
    expect((await read()).headers.etag).toBe('"4"')
    expectProblem(await patch({ description: 'c' }, { 'if-match': '"3"' }), 'precondition_failed')
  })
})

describe('escalation', () => {
  const keyOf = (userId: string): Promise<Parsed> => create({ userId })

  test('nobody changes a key of a user above itself, not even by taking something away', async () => {
    const { body } = await server.call({
      method: 'POST',
      path: '/keys',
      key: company.users.owner.key,
      body: { userId: company.users.owner.id },
    })
    for (const change of [
      { description: 'x' },
      { enabled: false },
      { permissions: [] },
      { expiresAt: null },
    ]) {
      const path = `/keys/${body.id}`
      expectProblem(
        await server.call({ method: 'PATCH', path, key: admin(), body: change }),
        'permission_escalation',
      )
    }
  })

  test('nobody gives a key more than it has itself, be it by null', async () => {
    const narrow = await create({ userId: company.users.admin.id, permissions: ['keys:update', 'keys:read'] })
    made = await keyOf(company.users.developer.id)
    await patch({ permissions: ['keys:read'] })
    expectProblem(await patch({ permissions: null }, {}, narrow.key), 'permission_escalation')
    expectProblem(await patch({ permissions: ['keys:list'] }, {}, narrow.key), 'permission_escalation')
    expect((await patch({ permissions: ['keys:update'] }, {}, narrow.key)).status).toBe(200)
  })

  test('nobody revives a key that can do more than it can itself', async () => {
    const narrow = await create({ userId: company.users.admin.id, permissions: ['keys:update'] })
    made = await keyOf(company.users.developer.id)
    await patch({ enabled: false })
    expectProblem(await patch({ enabled: true }, {}, narrow.key), 'permission_escalation')
    expect((await read()).body.enabled).toBe(false)
  })

  test('a developer changes its own keys only, a viewer none', async () => {
    made = await keyOf(company.users.viewer.id)
    expectProblem(await patch({ description: 'x' }, {}, company.users.developer.key), 'missing_permission')
    expectProblem(await patch({ description: 'x' }, {}, company.users.viewer.key), 'missing_permission')
    made = await keyOf(company.users.developer.id)
    expect((await patch({ description: 'x' }, {}, company.users.developer.key)).status).toBe(200)
  })

  test('a key cannot loosen itself without the permission to change keys', async () => {
    made = await create({ permissions: ['keys:read'], whitelistedIPs: ['127.0.0.1'] })
    for (const change of [{ whitelistedIPs: null }, { permissions: null }, { expiresAt: null }]) {
      expectProblem(await patch(change, {}, made.key), 'missing_permission')
    }
  })
})
