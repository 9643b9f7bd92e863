/** POST /changes: what is answered to a verifier elsewhere, and that revocations wait for it. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectProblem } from '../../answer-checks.ts'
import { createAskingVerifier } from '../../asking-verifier.ts'
import {
  createTestCompany,
  expectCreated,
  type JoinedServer,
  type Parsed,
  startTestServer,
  type TestCompany,
  type TestService,
} from '../../harness.ts'

let server: TestService
let second: JoinedServer
let company: TestCompany
let other: TestCompany

beforeAll(async () => {
  server = await startTestServer()
  second = await server.join()
  company = await createTestCompany(server)
  other = await createTestCompany(server)
})
afterAll(async () => {
  await second.dispose()
  await server.dispose()
})

type At = Pick<JoinedServer, 'call'>

const aVerifier = (key = company.users.admin.key, at: At = server) => createAskingVerifier(key, at)

const create = (of = company): Promise<Parsed> =>
  expectCreated(server, {
    path: '/keys',
    key: of.users.admin.key,
    body: { userId: of.users.developer.id },
  })
const remove = (id: string, at: At = server, key = company.users.admin.key) =>
  at.call({ method: 'DELETE', path: `/keys/${id}`, key })

describe('a verifier', () => {
  test('that comes anew has nothing to remember, and a lease', async () => {
    const verifier = aVerifier()
    const first = await verifier.told({ nonce: 'a-nonce' })
    expect(first).toMatchObject({ after: null, changes: [], reset: true, leaseMs: 2_000, nonce: 'a-nonce' })
    expect(await verifier.told()).toMatchObject({
      epoch: first.epoch,
      server: first.server,
      after: first.through,
      changes: [],
      reset: false,
      leaseMs: 2_000,
    })
    await verifier.goodbye()
  })

  test('is told of a change while its question is held, and only of what it may see', async () => {
    const [own, foreign] = [await create(), await create(other)]
    const verifiers = [aVerifier(), aVerifier(server.adminKey)] as const
    for (const verifier of verifiers) await verifier.told()
    const held = verifiers.map((verifier) => verifier.told({ hold: 500 }))
    await Promise.all([
      server.call({
        method: 'PATCH',
        path: `/keys/${own.id}`,
        key: company.users.admin.key,
        body: { enabled: false },
      }),
      Promise.all(held).then(([ofCompany, ofAll]) => {
        expect(ofCompany.changes).toEqual([{ scope: 'key', id: own.id }])
        expect(ofAll.changes).toContainEqual({ scope: 'key', id: own.id })
        return Promise.all(verifiers.map((verifier) => verifier.told()))
      }),
    ])
    const removed = remove(foreign.id, server, other.users.admin.key)
    expect((await verifiers[1].told({ hold: 500 })).changes).toEqual([{ scope: 'key', id: foreign.id }])
    await verifiers[1].told()
    expect((await removed).status).toBe(204)
    const ofCompany = await verifiers[0].told()
    expect([ofCompany.changes, ofCompany.reset]).toEqual([[], false])
    for (const verifier of verifiers) await verifier.goodbye()
  })

  test('that does not say it heard the last answer gets no lease until it does', async () => {
    const verifier = aVerifier()
    const { epoch, through } = await verifier.told()
    const { id } = await create()
    const removed = remove(id)
    expect((await verifier.told({ hold: 500 })).changes).toEqual([{ scope: 'key', id }])
    for (const said of [{ epoch, after: through }, { epoch: null, after: null }, { epoch: 'another' }]) {
      const asked = { ...said, hold: 500 }
      expect(await verifier.told(asked)).toMatchObject({ reset: true, leaseMs: 0, changes: [] })
    }
    expect(await verifier.told()).toMatchObject({ reset: false, leaseMs: 2_000 })
    expect((await removed).status).toBe(204)
    await verifier.goodbye()
  })

  test('whose credential is revoked while its question is held is told nothing', async () => {
    const { id, key } = await expectCreated(server, {
      path: '/keys',
      key: company.users.admin.key,
      body: { userId: company.users.admin.id },
    })
    const verifier = aVerifier(key)
    await verifier.told()
    const held = verifier.ask({ hold: 500 })
    const removed = remove(id)
    expectProblem(await held, 'key_inactive')
    expect((await removed).status).toBe(204)
    expect(performance.now()).toBeGreaterThan(verifier.leaseEndsMs)
  })

  test('beyond a hundred of one credential is to ask for each key', async () => {
    const verifiers = Array.from({ length: 101 }, () => aVerifier(other.users.admin.key))
    const told = await Promise.all(verifiers.map((verifier) => verifier.told()))
    expect(told.filter(({ leaseMs }) => leaseMs === 2_000)).toHaveLength(100)
    expect(told.filter(({ leaseMs, reset }) => leaseMs === 0 && reset)).toHaveLength(1)
    await Promise.all(verifiers.map((verifier) => verifier.goodbye()))
  })
})

describe('a revocation', () => {
  /** Begins one, and answers when the verifier was told of it. */
  async function toldOf(verifier: ReturnType<typeof aVerifier>, at: At) {
    const { id } = await create()
    let isAnswered = false
    const removed = remove(id, at).then((answer) => {
      isAnswered = true
      return answer
    })
    for (;;) {
      const { changes } = await verifier.told({ hold: 500 })
      if (changes.some((change: Parsed) => change.id === id)) break
    }
    return { removed, isAnswered: () => isAnswered }
  }

  test.each([
    ['the server it is connected to', () => server],
    ['another server', () => second],
  ])('at %s is answered when the verifier has said that it heard of it', async (_, at) => {
    const verifier = aVerifier()
    await verifier.told()
    await verifier.told()
    const { removed, isAnswered } = await toldOf(verifier, at())
    // A barrier that waits for servers only would be over by now.
    for (let looks = 0; looks < 20; looks++) {
      await server.call({ path: '/keys', key: company.users.viewer.key })
      await nextTurn()
    }
    expect(isAnswered()).toBe(false)
    await verifier.told()
    expect((await removed).status).toBe(204)
    expect(performance.now()).toBeLessThan(verifier.leaseEndsMs + 2_000)
    await verifier.goodbye()
  })

  test.each([
    ['the server it was connected to', () => server],
    ['another server', () => second],
  ])('at %s waits for a verifier that is silent until its lease is over', async (_, at) => {
    const verifier = aVerifier()
    await verifier.told()
    const { id } = await create()
    expect((await remove(id, at())).status).toBe(204)
    expect(performance.now()).toBeGreaterThan(verifier.leaseEndsMs)
    // Once: the next one does not find it any more.
    expect(server.services.revocations.verifiers().leased).toBe(0)
  })

  test('waits for a verifier at each server that has given it a lease', async () => {
    const verifier = aVerifier()
    await verifier.told({}, server)
    await verifier.told({}, second)
    const { removed, isAnswered } = await toldOf(verifier, server)
    await verifier.told({}, server)
    for (let looks = 0; looks < 20; looks++) {
      await server.call({ path: '/keys', key: company.users.viewer.key })
      await nextTurn()
    }
    expect(isAnswered()).toBe(false)
    await verifier.told({}, second)
    await verifier.told({}, second)
    expect((await removed).status).toBe(204)
    for (const at of [server, second]) await verifier.ask({ goodbye: true }, at)
  })

  test('waits for none that cannot see it, nor for one that has said goodbye', async () => {
    const [foreign, gone] = [aVerifier(other.users.admin.key), aVerifier()]
    for (const verifier of [foreign, gone]) await verifier.told()
    await gone.goodbye()
    const { id } = await create()
    expect((await remove(id)).status).toBe(204)
    const { leased, behind } = server.services.revocations.verifiers()
    expect([leased >= 1, behind]).toEqual([true, 0])
    await foreign.goodbye()
  })

  test('waits once for a server that died with its verifiers', async () => {
    const [{ epoch } = { epoch: '' }] = await server.services.engine.read((db) =>
      db.selectFrom('head').select('epoch').execute(),
    )
    const ofDead = `INSERT INTO servers (id, epoch, applied, beat, unknown) VALUES ('dead', '${epoch}', 0, 'last', '{}')`
    await server.tamper(ofDead)
    const sinceMs = performance.now()
    const { id } = await create()
    expect((await remove(id)).status).toBe(204)
    expect(performance.now() - sinceMs).toBeGreaterThan(2_000)
    for (;;) {
      const rows = await server.services.engine.read((db) =>
        db.selectFrom('servers').select('id').where('id', '=', 'dead').execute(),
      )
      if (rows.length === 0) break
      await nextTurn()
    }
  })
})

test('a server that stops tells nobody anything, and its row stays while a lease of it may run', async () => {
  const third = await server.join()
  const verifier = aVerifier(company.users.admin.key, third)
  await verifier.told()
  const held = verifier.ask({ hold: 500 })
  await third.dispose()
  expectProblem(await held, 'unavailable')
  const { id } = await create()
  expect((await remove(id)).status).toBe(204)
  expect(performance.now()).toBeGreaterThan(verifier.leaseEndsMs)
})
