/** POST, PATCH and DELETE /keys/{keyId}/rotation: one key, several secrets. */
import type { KeyId } from '@latchkey/core/ids'
import { beforeAll, describe, expect, test } from 'vitest'
import { expectProblem } from '../../answer-checks.ts'
import { companyKeys } from '../../company-keys.ts'
import { createFakeClock, HOUR_MS } from '../../fake-clock.ts'
import {
  createTestCompany,
  type Parsed,
  type TestAnswer,
  type TestCompany,
  type TestRequest,
  useTestServer,
} from '../../harness.ts'

const DAY_MS = 24 * HOUR_MS

const clock = createFakeClock()
const server = useTestServer({}, { clock })
let company: TestCompany

beforeAll(async () => {
  company = await createTestCompany(server)
})

const { admin, create, read, verify } = companyKeys(server, () => company)
const after = (ms: number): string => new Date(clock.nowMs() + ms).toISOString()
const rotate = (id: string, body: object = {}, request: Partial<TestRequest> = {}): Promise<TestAnswer> =>
  server.call({ key: admin(), ...request, method: 'POST', path: `/keys/${id}/rotation`, body })
const moveEnd = (id: string, previousEndsAt: string, request: Partial<TestRequest> = {}) =>
  server.call({
    key: admin(),
    ...request,
    method: 'PATCH',
    path: `/keys/${id}/rotation`,
    body: { previousEndsAt },
  })
const cancel = (id: string, request: Partial<TestRequest> = {}) =>
  server.call({ key: admin(), ...request, method: 'DELETE', path: `/keys/${id}/rotation` })
const codeOf = async (key: string): Promise<string> => (await verify(key)).code
const actionsOf = async (id: string): Promise<string[]> =>
  (await server.call({ path: `/audit?objectId=${id}`, key: admin() })).body.data.map(
    ({ action }: Parsed) => action,
  )

/** A key, its first secret and its second, while both live. */
async function rotated(fields: object = {}, overlapSeconds = 3_600) {
  const made = await create(fields)
  const answer = await rotate(made.id, { overlapSeconds })
  expect(answer.status, answer.text).toBe(201)
  return { id: made.id as string, old: made.key as string, fresh: answer.body.key as string, answer }
}

describe('a rotated key', () => {
  test('keeps its id and all that it was; the answer holds the new secret whole, this once', async () => {
    const made = await create({ whitelistedIPs: ['127.0.0.1'], description: 'ci', metadata: { team: 'a' } })
    clock.move(1_000)
    const answer = await rotate(made.id, { overlapSeconds: 60 })
    expect(answer.status).toBe(201)
    expect(answer.headers.etag).toBe('"2"')
    const { key, rotation, updatedAt, ...same } = answer.body
    expect(made).toMatchObject(same)
    expect(key).toMatch(/^lk_live_/)
    expect(key).not.toBe(made.key)
    expect(updatedAt).toBe(after(0))
    expect(rotation).toEqual({
      startedAt: after(0),
      previousEndsAt: after(60_000),
      previousKey: rotation.previousKey,
      newFirstUsedAt: null,
      previousLastUsedAt: null,
      previousLastAddress: null,
    })
    expect(made.key.endsWith(rotation.previousKey.slice(-4))).toBe(true)
    const shown = await read(made.id)
    expect(shown.key).not.toContain(key)
    expect(key.endsWith(shown.key.slice(-4))).toBe(true)
    expect(shown.rotation).toEqual(rotation)
    expect(await actionsOf(made.id)).toEqual(['key.rotated', 'key.created'])
  })

  test('is verified by both secrets, which are told apart, until the old one ends to the millisecond', async () => {
    const { id, old, fresh, answer } = await rotated()
    const replaceBy = answer.body.rotation.previousEndsAt
    expect(await verify(fresh)).toMatchObject({
      code: 'VALID',
      keyId: id,
      secret: 'current',
      replaceBy: null,
    })
    expect(await verify(old)).toMatchObject({ code: 'VALID', keyId: id, secret: 'previous', replaceBy })
    clock.move(3_600_000 - 1)
    expect(await codeOf(old)).toBe('VALID')
    clock.move(1)
    expect(await verify(old)).toMatchObject({ code: 'INACTIVE', keyId: id, secret: 'previous', replaceBy })
    expect(await codeOf(fresh)).toBe('VALID')
    expect((await read(id)).rotation).toBeNull()
  })

  test('tells whoever presents a secret that has ended that it was replaced, and when', async () => {
    const { old, answer } = await rotated()
    clock.move(HOUR_MS)
    const refused = await server.call({ path: '/me', key: old })
    expectProblem(refused, 'key_inactive')
    expect(refused.body.detail).toContain(answer.body.rotation.previousEndsAt)
    expect(refused.body.detail).toContain('was replaced')
  })

  test('a day is the overlap where none is said', async () => {
    const { id } = await create()
    const { body } = await rotate(id)
    expect(body.rotation.previousEndsAt).toBe(after(DAY_MS))
  })

  test('answers who uses which secret: whether the new one came into use, and the old one still is', async () => {
    const { id, old, fresh } = await rotated()
    clock.move(1_000)
    await verify(fresh)
    const firstAt = after(0)
    clock.move(1_000)
    await server.call({ path: '/me', key: old })
    const lastAt = after(0)
    clock.move(1_000)
    await verify(fresh)
    await server.services.usage.flush()
    expect((await read(id)).rotation).toMatchObject({
      newFirstUsedAt: firstAt,
      previousLastUsedAt: lastAt,
      previousLastAddress: '127.0.0.1',
    })
  })

  test('a refused use of the old secret is no use', async () => {
    const { id, old } = await rotated({ whitelistedIPs: ['192.0.2.1'] })
    expectProblem(await server.call({ path: '/me', key: old }), 'ip_not_allowed')
    await server.services.usage.flush()
    expect((await read(id)).rotation.previousLastUsedAt).toBeNull()
  })

  test('is found by the last four of both secrets', async () => {
    const { id, old, fresh } = await rotated()
    for (const secret of [old, fresh]) {
      const found = await server.call({ path: `/keys?search=${secret.slice(-4)}`, key: admin() })
      expect(found.body.data.map((key: Parsed) => key.id)).toContain(id)
    }
  })

  test('has an old secret that never outlives the key', async () => {
    const made = await create({ expiresAt: after(HOUR_MS) })
    const { body } = await rotate(made.id, { overlapSeconds: 7_200 })
    expect(body.rotation.previousEndsAt).toBe(made.expiresAt)
    const sooner = after(HOUR_MS / 2)
    await server.call({
      method: 'PATCH',
      path: `/keys/${made.id}`,
      key: admin(),
      body: { expiresAt: sooner },
    })
    expect((await read(made.id)).rotation.previousEndsAt).toBe(sooner)
  })

  test('names the time by which to replace it to a gateway', async () => {
    const { old, fresh, answer } = await rotated()
    const ask = (key: string) =>
      server.call({
        path: '/gateway/check',
        key,
        headers: { 'x-forwarded-for': '192.0.2.7', 'x-gateway-token': admin() },
      })
    expect((await ask(old)).headers['x-auth-replace-by']).toBe(answer.body.rotation.previousEndsAt)
    expect((await ask(fresh)).headers['x-auth-replace-by']).toBe('-')
    expect((await ask('nonsense')).headers['x-auth-replace-by']).toBe('-')
  })
})

describe('with no overlap', () => {
  test('the old secret is dead when it is answered, for memory too', async () => {
    const made = await create()
    expect(await codeOf(made.key)).toBe('VALID')
    const { body } = await rotate(made.id, { overlapSeconds: 0 })
    expect(await codeOf(made.key)).toBe('INACTIVE')
    expect(await codeOf(body.key)).toBe('VALID')
    expect(body.rotation).toBeNull()
  })

  test('every older secret is: also of a rotation that is open', async () => {
    const { id, old, fresh } = await rotated()
    expectProblem(await rotate(id, { overlapSeconds: 60 }), 'rotation_open')
    const { body } = await rotate(id, { overlapSeconds: 0 })
    for (const secret of [old, fresh])
      expect(await verify(secret)).toMatchObject({ code: 'INACTIVE', keyId: id })
    expect(await codeOf(body.key)).toBe('VALID')
  })
})

describe('a server whose clock is behind', () => {
  test.each<readonly [string, (id: string) => Promise<unknown>, string[]]>([
    ['rotated without overlap', (id) => rotate(id, { overlapSeconds: 0 }), ['INACTIVE', 'INACTIVE']],
    ['ended', (id) => moveEnd(id, after(0)), ['INACTIVE', 'VALID']],
    ['cancelled', (id) => cancel(id), ['VALID', 'INACTIVE']],
    ['left open', async () => {}, ['VALID', 'VALID']],
  ])('judges the secrets of a rotation that was %s as every other does', async (_name, act, codes) => {
    const { id, old, fresh } = await rotated()
    await act(id)
    clock.move(-60_000)
    const path = `/keys/${id}`
    await server.call({ method: 'PATCH', path, key: admin(), body: { description: 'changed here' } })
    expect([await codeOf(old), await codeOf(fresh)]).toEqual(codes)
    clock.move(60_000)
  })
})

describe('an open rotation', () => {
  test('is made longer, shorter and ended', async () => {
    const { id, old, fresh } = await rotated()
    const later = after(2 * HOUR_MS)
    expect((await moveEnd(id, later)).body.rotation.previousEndsAt).toBe(later)
    clock.move(1.5 * HOUR_MS)
    expect(await verify(old)).toMatchObject({ code: 'VALID', replaceBy: later })
    const sooner = after(60_000)
    expect((await moveEnd(id, sooner)).body.rotation.previousEndsAt).toBe(sooner)
    expect((await moveEnd(id, after(-1_000))).body.rotation).toBeNull()
    expect([await codeOf(old), await codeOf(fresh)]).toEqual(['INACTIVE', 'VALID'])
    expectProblem(await moveEnd(id, later), 'rotation_not_found')
    expect((await actionsOf(id)).filter((action) => action === 'key.rotation_changed')).toHaveLength(3)
  })

  test('is cancelled: the new secret dies, the old one is as it was before', async () => {
    const { id, old, fresh } = await rotated()
    expect(await codeOf(fresh)).toBe('VALID')
    expect(await cancel(id)).toMatchObject({ status: 204, text: '' })
    expect(await verify(fresh)).toMatchObject({ code: 'INACTIVE', keyId: id })
    expect(await verify(old)).toMatchObject({ code: 'VALID', secret: 'current', replaceBy: null })
    clock.move(2 * DAY_MS)
    expect(await codeOf(old)).toBe('VALID')
    expect((await read(id)).rotation).toBeNull()
    expect(old.endsWith((await read(id)).key.slice(-4))).toBe(true)
    expectProblem(await moveEnd(id, after(0)), 'rotation_not_found')
    // It can be rotated again, and the cancelled secret stays dead.
    const { body } = await rotate(id, { overlapSeconds: 60 })
    expect([await codeOf(old), await codeOf(fresh), await codeOf(body.key)]).toEqual([
      'VALID',
      'INACTIVE',
      'VALID',
    ])
  })

  test.each([
    ['a text', 'soon'],
    ['more than 30 days away', '2099-01-01T00:00:00Z'],
  ])('is not moved to %s', async (_name, end) => {
    const { id } = await rotated()
    const answer = await moveEnd(id, end)
    expect(answer.status).toBe(400)
    expect(answer.body.errors[0].pointer).toBe('/previousEndsAt')
  })
})

describe('a token', () => {
  const tokenOf = async (key: string): Promise<string> =>
    (
      await server.call({
        method: 'POST',
        path: '/auth/token/short-lived',
        key,
        body: { permissions: ['keys:list'] },
      })
    ).body.token
  const use = (token: string) =>
    server.call({ path: '/keys', key: null, headers: { authorization: `Bearer ${token}` } })

  test('lives and dies with the secret that made it', async () => {
    const { id, old, fresh } = await rotated({}, 60)
    const [byOld, byFresh] = [await tokenOf(old), await tokenOf(fresh)]
    const derived = await tokenOf(old)
    for (const token of [byOld, byFresh, derived]) expect((await use(token)).status).toBe(200)
    await moveEnd(id, after(0))
    expectProblem(await use(byOld), 'key_inactive')
    expect((await use(byFresh)).status).toBe(200)
    expect(await codeOf(byOld)).toBe('INACTIVE')
  })

  test('of a cancelled secret dies with it, whatever is rotated later', async () => {
    const { id, old, fresh } = await rotated()
    const [byOld, byFresh] = [await tokenOf(old), await tokenOf(fresh)]
    await cancel(id)
    expectProblem(await use(byFresh), 'key_inactive')
    await rotate(id, { overlapSeconds: 60 })
    expectProblem(await use(byFresh), 'key_inactive')
    expect((await use(byOld)).status).toBe(200)
  })
})

describe('who may', () => {
  test('a key rotates itself only if it has the permission', async () => {
    const able = await create({ permissions: ['keys:rotate'] })
    const unable = await create({ permissions: ['keys:update', 'keys:read'] })
    expect((await rotate(able.id, {}, { key: able.key })).status).toBe(201)
    expectProblem(await rotate(unable.id, {}, { key: unable.key }), 'missing_permission')
  })

  test('nobody rotates a key that can do more, or of somebody above', async () => {
    const owners = company.users.owner.keyId
    expectProblem(await rotate(owners), 'permission_escalation')
    const wide = await create()
    const narrow = await create({ permissions: ['keys:rotate', 'orders:read'] })
    expectProblem(await rotate(wide.id, {}, { key: narrow.key }), 'permission_escalation')
  })

  test('nor one that reaches further than the key that asks', async () => {
    const bound = await create({ whitelistedIPs: ['127.0.0.1'] })
    const free = await create()
    expectProblem(await rotate(free.id, {}, { key: bound.key }), 'permission_escalation')
    const { id } = await rotated()
    expectProblem(await moveEnd(id, after(2 * HOUR_MS), { key: bound.key }), 'permission_escalation')
    expectProblem(await cancel(id, { key: bound.key }), 'permission_escalation')
    // To end it sooner takes power away.
    expect((await moveEnd(id, after(1_000), { key: bound.key })).status).toBe(200)
  })

  test('the secret that was replaced ends itself, and brings nothing back', async () => {
    const { id, old, fresh } = await rotated({ permissions: ['keys:rotate'] })
    for (const request of [{ key: old }]) {
      expectProblem(await rotate(id, { overlapSeconds: 0 }, request), 'permission_escalation')
      expectProblem(await moveEnd(id, after(2 * HOUR_MS), request), 'permission_escalation')
      expectProblem(await cancel(id, request), 'permission_escalation')
    }
    expect((await moveEnd(id, after(60_000), { key: fresh })).status).toBe(200)
    expect((await moveEnd(id, after(1_000), { key: old })).status).toBe(200)
  })

  test('a developer, its own keys only; a viewer none', async () => {
    const { id } = await create({ userId: company.users.admin.id })
    const { developer, viewer } = company.users
    expectProblem(await rotate(id, {}, { key: developer.key }), 'missing_permission')
    expectProblem(await rotate(id, {}, { key: viewer.key }), 'missing_permission')
  })
})

describe('refused', () => {
  test.each([
    ['deleted', (id: string) => server.call({ method: 'DELETE', path: `/keys/${id}`, key: admin() })],
    [
      'disabled',
      (id: string) =>
        server.call({ method: 'PATCH', path: `/keys/${id}`, key: admin(), body: { enabled: false } }),
    ],
    ['expired', async () => clock.move(2 * HOUR_MS)],
  ])('a key that is %s', async (_name, act) => {
    const { id } = await create({ expiresAt: after(HOUR_MS) })
    await act(id)
    expectProblem(await rotate(id), 'key_not_active')
  })

  test.each([-1, 2_592_001, 1.5, '60'])('an overlap of %j', async (overlapSeconds) => {
    const { id } = await create()
    const answer = await rotate(id, { overlapSeconds })
    expect(answer.status).toBe(400)
    expect(answer.body.errors[0].pointer).toBe('/overlapSeconds')
  })

  test('a key of nobody, or of another company', async () => {
    for (const id of ['key_00000000000000000000000000', server.admin.keyId, 'nonsense']) {
      expectProblem(await rotate(id), 'key_not_found')
      expectProblem(await moveEnd(id, after(0)), 'key_not_found')
      expectProblem(await cancel(id), 'key_not_found')
    }
  })

  test('what has no rotation has none to change', async () => {
    const { id } = await create()
    expectProblem(await moveEnd(id, after(0)), 'rotation_not_found')
    expectProblem(await cancel(id), 'rotation_not_found')
  })
})

test('a lost answer costs no secret: the same Idempotency-Key answers it again, and rotates once', async () => {
  const { id } = await create()
  const headers = { 'idempotency-key': 'rotate-1' }
  const first = await rotate(id, { overlapSeconds: 60 }, { headers })
  const second = await rotate(id, { overlapSeconds: 60 }, { headers })
  expect(second.status).toBe(201)
  expect(second.body.key).toBe(first.body.key)
  expect(second.headers['idempotent-replayed']).toBe('true')
})

test('a deleted key is dead by all its secrets, and its rotation is left alone', async () => {
  const { id, old, fresh } = await rotated()
  await server.call({ method: 'DELETE', path: `/keys/${id}`, key: admin() })
  for (const answer of [await moveEnd(id, after(1_000)), await cancel(id)])
    expectProblem(answer, 'key_not_active')
  for (const secret of [old, fresh])
    expect(await verify(secret)).toMatchObject({ code: 'INACTIVE', keyId: id })
})

test('a key has two secrets at most that live, and a row for each that ended', async () => {
  const { id } = await rotated()
  for (let n = 0; n < 5; n++) await rotate(id, { overlapSeconds: 0 })
  const rows = await server.services.engine.read((db) =>
    db
      .selectFrom('secrets')
      .select(['ordinal', 'ends_at'])
      .where('key_id', '=', id as KeyId)
      .orderBy('ordinal')
      .execute(),
  )
  expect(rows.map(({ ordinal }) => ordinal)).toEqual([1, 2, 3, 4, 5, 6])
  expect(rows.filter(({ ends_at }) => ends_at > clock.nowMs())).toEqual([])
})

describe('a key that is rotated for ever', () => {
  const ordinalsOf = async (id: string, ordinals: number[]) => {
    const counts = ordinals.map((ordinal) =>
      server.tamper('UPDATE secrets SET prefix = prefix WHERE key_id = ? AND ordinal = ?', id, ordinal),
    )
    return (await Promise.all(counts)).map((count) => count === 1)
  }

  test('keeps the last hundred of its secrets, and the one that still lives', async () => {
    const { id, key } = await create()
    const secrets: string[] = [key]
    for (let count = 0; count < 3; count++) secrets.push((await rotate(id, { overlapSeconds: 0 })).body.key)
    await server.tamper('UPDATE keys SET secret_ordinal = 102 WHERE id = ?', id)
    const fresh = (await rotate(id, { overlapSeconds: 3_600 })).body.key
    expect(await ordinalsOf(id, [1, 2, 3, 102])).toEqual([false, false, true, true])
    // What is forgotten is as unknown as what never was; what is not is told what became of it.
    expect(await Promise.all([...secrets, fresh].map(codeOf))).toEqual([
      'NOT_FOUND',
      'NOT_FOUND',
      'INACTIVE',
      'VALID',
      'VALID',
    ])
  })

  test('and is taken back each time keeps the secret it has, and gives no ordinal twice', async () => {
    const { id, key } = await create()
    await rotate(id)
    await cancel(id)
    await server.tamper('UPDATE secrets SET ordinal = 150 WHERE key_id = ?', id)
    const fresh = (await rotate(id)).body.key
    expect(await ordinalsOf(id, [1, 150])).toEqual([true, true])
    expect(await Promise.all([key, fresh].map(codeOf))).toEqual(['VALID', 'VALID'])
  })
})
