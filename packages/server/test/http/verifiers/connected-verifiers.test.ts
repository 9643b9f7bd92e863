/** The verifiers of applications in /metrics; and that those which misbehave make the service look no worse. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { diagnose, type Finding } from '../../../src/commands.ts'
import { createAskingVerifier } from '../../asking-verifier.ts'
import {
  createTestCompany,
  expectCreated,
  type JoinedServer,
  startTestServer,
  type TestAnswer,
  type TestCompany,
  type TestService,
} from '../../harness.ts'

const SECRET = 'a server secret that is long enough to be taken'

let server: TestService
let second: JoinedServer
let company: TestCompany
let other: TestCompany
/** Of keys:read: what asks with it is no verifier. */
let reader: string

beforeAll(async () => {
  server = await startTestServer({ LATCHKEY_SECRET: SECRET })
  second = await server.join()
  company = await createTestCompany(server)
  other = await createTestCompany(server)
  const body = { userId: company.users.admin.id, permissions: ['keys:read'] }
  reader = (await expectCreated(server, { path: '/keys', key: company.users.admin.key, body })).key
})
afterEach(() => vi.unstubAllEnvs())
afterAll(async () => {
  await second.dispose()
  await server.dispose()
})

type At = Pick<JoinedServer, 'call'>

/** Connected, and those of them that may not know the newest changes, as one process says it. */
async function counted(at: At = server): Promise<readonly [connected: number, behind: number]> {
  const { text } = await at.call({ path: '/metrics', key: null })
  const countOf = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1])
  return [countOf('latchkey_verifiers'), countOf('latchkey_verifiers_behind')]
}

const aVerifier = (key = company.users.admin.key, at: At = server) => createAskingVerifier(key, at)

async function connected(key?: string, at?: At) {
  const verifier = aVerifier(key, at)
  await verifier.told()
  await verifier.told()
  return verifier
}

/** Begins to revoke a key of the first company; answers how to wait for it, when a verifier was told of it. */
async function beginToRevoke(teller: { told(fields?: object): Promise<{ changes: { id: string }[] }> }) {
  const { admin, developer } = company.users
  const { id } = await expectCreated(server, {
    path: '/keys',
    key: admin.key,
    body: { userId: developer.id },
  })
  const revoked = server.call({ method: 'DELETE', path: `/keys/${id}`, key: admin.key })
  for (;;) {
    const { changes } = await teller.told({ hold: 500 })
    if (changes.some((change) => change.id === id)) return { revoked }
  }
}

describe('verifiers are counted', () => {
  test('from their first answer until they say goodbye, at the server that answered', async () => {
    expect(await counted()).toEqual([0, 0])
    const first = await connected()
    expect(await counted()).toEqual([1, 0])
    const elsewhere = await connected(other.users.admin.key, second)
    const operator = await connected(server.adminKey)
    expect([await counted(), await counted(second)]).toEqual([
      [2, 0],
      [1, 0],
    ])
    await first.goodbye()
    expect(await counted()).toEqual([1, 0])
    for (const verifier of [operator, elsewhere]) await verifier.goodbye()
    expect([await counted(), await counted(second)]).toEqual([
      [0, 0],
      [0, 0],
    ])
  })

  test('as behind while they have not said that they know of a change that concerns them', async () => {
    const concerned = [await connected(), await connected(server.adminKey)] as const
    const foreign = await connected(other.users.admin.key)
    const { revoked } = await beginToRevoke(concerned[0])
    expect(await counted()).toEqual([3, 2])
    for (const [said, behind] of [
      [concerned[0], 1],
      [concerned[1], 1],
      [concerned[1], 0],
    ] as const) {
      await said.told()
      expect(await counted()).toEqual([3, behind])
    }
    expect((await revoked).status).toBe(204)
    for (const verifier of [...concerned, foreign]) await verifier.goodbye()
  })

  test('no longer when one that is silent has outlived its lease', async () => {
    await connected()
    const operator = await connected(server.adminKey)
    const { revoked } = await beginToRevoke(operator)
    await operator.told()
    expect(await counted()).toEqual([2, 1])
    expect((await revoked).status).toBe(204)
    const [left, behind] = await counted()
    expect([left <= 1, behind]).toEqual([true, 0])
    await operator.goodbye()
  })
})

describe('a verifier that', () => {
  type Bad = () => Promise<readonly TestAnswer[]>

  test.each<[string, number, Bad]>([
    ['has a key that is none', 401, async () => [await aVerifier('lk_live_none').ask()]],
    ['may not verify', 403, async () => [await aVerifier(reader).ask()]],
    ['asks what nobody understands', 400, async () => [await aVerifier().ask({ hold: 'for ever' })]],
    [
      'sends no JSON',
      400,
      async () => [
        await server.call({ method: 'POST', path: '/changes', key: company.users.admin.key, text: '{' }),
      ],
    ],
    [
      'is the hundred and first of its key',
      200,
      async () => {
        const many = Array.from({ length: 100 }, () => aVerifier(other.users.admin.key))
        await Promise.all(many.map((verifier) => verifier.told()))
        const refused = await aVerifier(other.users.admin.key).ask()
        await Promise.all(many.map((verifier) => verifier.goodbye()))
        return [refused]
      },
    ],
  ])('%s counts for nothing', async (_name, status, ask) => {
    const before = await counted()
    for (const answer of await ask()) expect(answer.status, answer.text).toBe(status)
    expect(await counted()).toEqual(before)
  })

  test('stands still, never says what it heard, or is of a server that died, leaves the service ready and sound', async () => {
    const frozen = await connected()
    const deaf = await connected()
    const { revoked } = await beginToRevoke(deaf)
    const [{ epoch } = { epoch: '' }] = await server.services.engine.read((db) =>
      db.selectFrom('head').select('epoch').execute(),
    )
    await server.tamper(
      `INSERT INTO servers (id, epoch, applied, beat, unknown) VALUES ('dead', '${epoch}', 0, 'last', '{"*": 1}')`,
    )
    for (const at of [server, second]) {
      await deaf.ask({ epoch: 'another' })
      const answer = await at.call({ path: '/readyz', key: null })
      expect([answer.status, answer.body.status]).toEqual([200, 'ready'])
    }
    expect((await examined()).filter(({ level }) => level !== 'ok')).toEqual([])
    await nextTurn()
    expect((await revoked).status).toBe(204)
    for (const verifier of [frozen, deaf]) await verifier.goodbye()
  })
})

/** What `latchkey doctor` finds on this store. */
async function examined(): Promise<Finding[]> {
  const settings = {
    LATCHKEY_DATA_DIR: server.dataDir,
    LATCHKEY_SECRET: SECRET,
    DATABASE_URL: server.databaseUrl ?? '',
    PORT: '0',
  }
  for (const [name, value] of Object.entries(settings)) if (value !== '') vi.stubEnv(name, value)
  const findings: Finding[] = []
  for await (const finding of diagnose(() => {})) findings.push(finding)
  return findings
}
