/**
 * One email address in several companies: who enters it somewhere learns nothing, keeps nobody out, and becomes
 * nobody else.
 */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { setPasswordOnHost } from '../../src/host/users-on-host.ts'
import { comparable, expectProblem } from '../answer-checks.ts'
import { createTestCompany, expectCreated, type Parsed, type TestCompany, useTestServer } from '../harness.ts'
import { bearer } from '../tokens/issued-token.ts'

const server = useTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: '100000' })
let victim: TestCompany
let attacker: TestCompany
let email: string
let count = 0

beforeAll(async () => {
  victim = await createTestCompany(server)
  attacker = await createTestCompany(server)
})
beforeEach(() => {
  email = `grace-${++count}@example.com`
})

const VICTIMS = 'what the rightful person chose'
const ATTACKERS = 'what somebody else chose here'

const post = (path: string, key: string, body?: object) =>
  server.call({ method: 'POST', path, key, ...(body === undefined ? {} : { body }) })
const patch = (at: TestCompany, id: string, body: object) =>
  server.call({ method: 'PATCH', path: `/users/${id}`, key: at.users.owner.key, body })
const newUser = (at: TestCompany, fields: object = { email }): Promise<Parsed> =>
  expectCreated(server, {
    path: '/users',
    key: at.users.owner.key,
    body: { name: 'Grace', role: 'viewer', ...fields },
  })
async function setPassword(at: TestCompany, id: string, password: string) {
  const { token } = await expectCreated(server, { path: `/users/${id}/invitation`, key: at.users.owner.key })
  const body = { token, password }
  return server.call({ method: 'POST', path: '/auth/password', key: null, body })
}
async function settle(at: TestCompany, password: string): Promise<Parsed> {
  const user = await newUser(at)
  expect((await setPassword(at, user.id, password)).status).toBe(200)
  return user
}
const signIn = (password: string, fields: object = {}) =>
  server.call({
    method: 'POST',
    path: '/auth/token',
    key: null,
    body: { username: email, password, ...fields },
  })
async function signedIn(password: string, fields: object = {}): Promise<string | undefined> {
  const { status, body } = await signIn(password, fields)
  if (status !== 200) return undefined
  return (await server.call({ path: '/me', key: null, headers: bearer(body.token) })).body.userId
}

describe('who enters an address learns nothing of other companies', () => {
  /** All that a tenant can do with an address, and how it is answered. */
  async function probe(): Promise<unknown[]> {
    const made = await post('/users', attacker.users.owner.key, { name: 'Grace', role: 'viewer', email })
    const other = await newUser(attacker, {})
    const taken = await patch(attacker, other.id, { email })
    await patch(attacker, made.body.id, { email: null })
    const moved = await patch(attacker, other.id, { email })
    const set = await setPassword(attacker, other.id, ATTACKERS)
    const wrong = await signIn('not the password of anybody')
    const right = await signIn(ATTACKERS)
    return [made, taken, moved, set, wrong, right].map((answer) => {
      const { status, body } = comparable(answer) as { status: number; body: Parsed }
      return { status, code: body?.code, detail: body?.detail, names: Object.keys(body ?? {}) }
    })
  }

  test('whether it is free, entered, or in use elsewhere: the answers are the same', async () => {
    const free = await probe()
    email = `entered-${email}`
    await newUser(victim)
    const entered = await probe()
    email = `used-${email}`
    await settle(victim, VICTIMS)
    const used = await probe()
    expect(entered).toEqual(free)
    expect(used).toEqual(free)
    expect(free.map((answer) => (answer as { status: number }).status)).toEqual([
      201, 409, 200, 200, 401, 200,
    ])
  })

  test('within the company it is told', async () => {
    await newUser(attacker)
    const answer = await post('/users', attacker.users.owner.key, { name: 'B', role: 'viewer', email })
    const { detail } = expectProblem(answer, { code: 'already_exists', pointer: '/email' })
    expect(detail).toContain('of your company')
  })
})

describe('who was first keeps nobody out, and who comes later takes nothing', () => {
  test.each(['attacker', 'victim'])('whoever was first: %s', async (first) => {
    const order = first === 'attacker' ? [attacker, victim] : [victim, attacker]
    const users = new Map<TestCompany, string>()
    for (const company of order) {
      const user = await settle(company, company === victim ? VICTIMS : ATTACKERS)
      users.set(company, user.id)
    }
    expect(await signedIn(VICTIMS)).toBe(users.get(victim))
    expect(await signedIn(ATTACKERS)).toBe(users.get(attacker))
  })

  test('what the other company does with its user leaves this one as it is', async () => {
    const mine = await settle(victim, VICTIMS)
    const theirs = await settle(attacker, ATTACKERS)
    for (const change of [
      { email: null },
      { email },
      { status: 'inactive' },
      { status: 'active' },
      { role: 'owner' },
    ]) {
      expect((await patch(attacker, theirs.id, change)).status).toBe(200)
      expect(await signedIn(VICTIMS)).toBe(mine.id)
    }
    expect((await setPassword(attacker, theirs.id, 'yet another password here')).status).toBe(200)
    expect(await signedIn(VICTIMS)).toBe(mine.id)
  })

  test('a deactivated user’s password opens nothing, also where another has the address', async () => {
    const theirs = await settle(attacker, ATTACKERS)
    await settle(victim, VICTIMS)
    await patch(attacker, theirs.id, { status: 'inactive' })
    expectProblem(await signIn(ATTACKERS), 'invalid_credentials')
    await server.call({ method: 'PATCH', path: `/companies/${attacker.id}`, body: { status: 'inactive' } })
    expect(await signedIn(VICTIMS)).toBeDefined()
    await server.call({ method: 'PATCH', path: `/companies/${attacker.id}`, body: { status: 'active' } })
  })

  test('a hundred companies may have the address; the next is told, and the others go on', async () => {
    const mine = await settle(victim, VICTIMS)
    // As if ninety-nine more had set a password for it.
    for (let index = 0; index < 99; index += 1) {
      const { id } = await expectCreated(server, { path: '/companies', body: { name: 'C' } })
      const twin = await expectCreated(server, {
        path: '/users',
        headers: { 'x-company-id': id },
        body: { name: 'Grace', role: 'viewer', email },
      })
      await givePasswordOf(mine.id, twin.id)
    }
    const theirs = await newUser(attacker)
    const refused = await setPassword(attacker, theirs.id, ATTACKERS)
    expect(expectProblem(refused, 'invalid_field').detail).toContain('100 users')
    expect(await signedIn(VICTIMS)).toBe(mine.id)
  })

  test('users of one company who had the address before keep nobody from it', async () => {
    const theirs = await settle(attacker, ATTACKERS)
    await patch(attacker, theirs.id, { email: null })
    // As if ninety-nine more had set a password for it, one after the other, and then given it back.
    for (let index = 0; index < 99; index += 1) {
      await givePasswordOf(theirs.id, (await newUser(attacker, {})).id)
    }
    const mine = await settle(victim, VICTIMS)
    expect(await signedIn(VICTIMS)).toBe(mine.id)
    await setPasswordOnHost(server.services, mine.id, 'set by whoever runs the server')
    expect(await signedIn('set by whoever runs the server')).toBe(mine.id)
  })

  async function givePasswordOf(id: string, twin: string): Promise<void> {
    const give = `INSERT INTO passwords SELECT ?, hash, updated_at, email, giver FROM passwords WHERE user_id = ?`
    expect(await server.tamper(placed(give), twin, id)).toBe(1)
  }

  /** Each store's own way to write a parameter. */
  const placed = (sql: string) => {
    let index = 0
    return server.databaseUrl === undefined ? sql : sql.replaceAll('?', () => `$${++index}::text`)
  }
})

describe('one person in two companies', () => {
  test('with two passwords gets where each belongs', async () => {
    const [here, there] = [await settle(victim, VICTIMS), await settle(attacker, ATTACKERS)]
    expect(await signedIn(VICTIMS)).toBe(here.id)
    expect(await signedIn(ATTACKERS)).toBe(there.id)
  })

  test('with one password gets to the older user, or to the company it names', async () => {
    const [here, there] = [await settle(victim, VICTIMS), await settle(attacker, VICTIMS)]
    expect(await signedIn(VICTIMS)).toBe(here.id)
    expect(await signedIn(VICTIMS, { companyId: null })).toBe(here.id)
    expect(await signedIn(VICTIMS, { companyId: victim.id })).toBe(here.id)
    expect(await signedIn(VICTIMS, { companyId: attacker.id })).toBe(there.id)
    await patch(victim, here.id, { status: 'inactive' })
    expect(await signedIn(VICTIMS)).toBe(there.id)
  })

  test('a company that is deactivated is passed over, unless it is named', async () => {
    const [, there] = [await settle(victim, VICTIMS), await settle(attacker, VICTIMS)]
    const set = (status: string) =>
      server.call({ method: 'PATCH', path: `/companies/${victim.id}`, body: { status } })
    await set('inactive')
    expect(await signedIn(VICTIMS)).toBe(there.id)
    expectProblem(await signIn(VICTIMS, { companyId: victim.id }), 'company_inactive')
    await set('active')
  })

  test.each<readonly [string, () => string]>([
    ['another’s', () => attacker.id],
    ['the operator’s', () => server.admin.companyId],
    ['one that does not exist', () => `${victim.id.slice(0, -1)}${victim.id.endsWith('0') ? '1' : '0'}`],
    ['no id', () => "' OR ''='"],
  ])('a company that is named and is not the user’s opens nothing: %s', async (_, companyId) => {
    await settle(victim, VICTIMS)
    expectProblem(await signIn(VICTIMS, { companyId: companyId() }), 'invalid_credentials')
  })
})

describe('a password is for the address it was set for', () => {
  test('another address has to be proven anew', async () => {
    const user = await settle(victim, VICTIMS)
    const old = email
    email = `new-${old}`
    await patch(victim, user.id, { email })
    expectProblem(await signIn(VICTIMS), 'invalid_credentials')
    expect((await setPassword(victim, user.id, VICTIMS)).status).toBe(200)
    expect(await signedIn(VICTIMS)).toBe(user.id)
    email = old
    expectProblem(await signIn(VICTIMS), 'invalid_credentials')
  })

  test('the old one opens nothing either, and opens again when it is put back', async () => {
    const user = await settle(victim, VICTIMS)
    await patch(victim, user.id, { email: null })
    expectProblem(await signIn(VICTIMS), 'invalid_credentials')
    await patch(victim, user.id, { email: email.toUpperCase() })
    expect(await signedIn(VICTIMS)).toBe(user.id)
  })

  test('who takes another’s address with a password of its own stays who it was', async () => {
    const mine = await settle(victim, VICTIMS)
    const old = email
    email = `mallory-${old}`
    const mallory = await settle(attacker, ATTACKERS)
    await patch(attacker, mallory.id, { email: old })
    email = old
    expectProblem(await signIn(ATTACKERS), 'invalid_credentials')
    expect(await signedIn(VICTIMS)).toBe(mine.id)
  })
})

test('a command on the host names the users of an address, when there are several', async () => {
  const [here, there] = [await settle(victim, VICTIMS), await settle(attacker, ATTACKERS)]
  const set = (who: string) => setPasswordOnHost(server.services, who, 'set by whoever runs the server')
  const told = await set(email).catch((error: Error) => error.message)
  expect(told).toContain('name one by its id')
  for (const { id } of [here, there]) expect(told).toContain(id)
  expect(await set(there.id)).toMatchObject({ id: there.id })
  expect(await signedIn('set by whoever runs the server')).toBe(there.id)
  expect(await signedIn(VICTIMS)).toBe(here.id)
})
