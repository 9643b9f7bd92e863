/** Guessing at passwords: what slows a stranger down does not keep the owner out. Hashes are cheap here: there are hundreds. */
import { beforeEach, describe, expect, test } from 'vitest'
import { comparable, expectProblem } from '../answer-checks.ts'
import { createFakeClock, HOUR_MS } from '../fake-clock.ts'
import { type TestAnswer, useTestServer } from '../harness.ts'
import { PASSWORD } from '../tokens/issued-token.ts'
import { all, createGuessing, inTurn } from './guessing.ts'

const clock = createFakeClock()

// A quarter of it is what one address may fail at before it waits: 25.
const server = useTestServer({ LATCHKEY_FAILED_AUTH_PER_MINUTE: '100' }, { clock })
let email: string
const { fresh, nobody, newPerson, signIn, guess } = createGuessing(server, () => email)

beforeEach(async () => {
  // What was counted for one test is forgotten before the next.
  clock.move(HOUR_MS)
  email = await newPerson()
})

describe('guesses at a name from one place', () => {
  test('do not keep its owner out elsewhere, who never signed in before', async () => {
    const from = fresh()
    const owner = fresh()
    expect(await inTurn(6, () => guess(from))).toEqual(all(6, 401))
    for (let round = 0; round < 10; round += 1) {
      expect((await guess(from)).status).toBe(429)
      expect((await signIn(owner)).status).toBe(200)
    }
  })

  test('do not keep its owner out there, if it signed in there before', async () => {
    const from = fresh()
    expect((await signIn(from)).status).toBe(200)
    expect(await inTurn(20, () => guess(from))).toEqual(all(20, 401))
    expect((await signIn(from)).status).toBe(200)
    // The others there are as strange as ever.
    expect(await inTurn(7, () => guess(from, nobody()))).toEqual(all(7, 401))
    const other = await newPerson()
    expect(await inTurn(7, () => guess(from, other))).toEqual([...all(6, 401), 429])
  })

  test('that cannot be told are those of strangers, though the owner signed in from such a one', async () => {
    const from = 'no address'
    expect((await signIn(from)).status).toBe(200)
    expect(await inTurn(7, () => guess(from))).toEqual([...all(6, 401), 429])
  })

  test('wait there too after fifty in a row', async () => {
    const from = fresh()
    await signIn(from)
    expect(await inTurn(51, () => guess(from))).toEqual(all(51, 401))
    expectProblem(await signIn(from), 'rate_limited')
    clock.move(1_000)
    expect((await signIn(from)).status).toBe(200)
  })

  test('where the owner is known is known to every server of the deployment, and after a restart', async () => {
    const from = fresh()
    await signIn(from)
    const other = await server.join()
    const there = (password: string) => signIn(from, password, email, other)
    expect(await inTurn(8, () => there('not the password'))).toEqual(all(8, 401))
    expect((await there(PASSWORD)).status).toBe(200)
    await other.dispose()
  })

  test('where somebody else is known are as strange as elsewhere', async () => {
    const from = fresh()
    await signIn(from)
    email = await newPerson()
    expect(await inTurn(7, () => guess(from))).toEqual([...all(6, 401), 429])
  })
})

describe('a spray of one guess at each of many names', () => {
  const spray = (from: string, times: number) => inTurn(times, () => guess(from, nobody()))

  test('is slowed down after the first names, longer each time', async () => {
    const from = fresh()
    expect(await spray(from, 26)).toEqual(all(26, 401))
    const waits: number[] = []
    for (let round = 0; round < 10; round += 1) {
      const refused = await guess(from, nobody())
      expectProblem(refused, 'rate_limited')
      const seconds = Number(refused.headers['retry-after'])
      waits.push(seconds)
      clock.move(seconds * 1_000)
      expect((await guess(from, nobody())).status).toBe(401)
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300])
  })

  test('does not stop whoever signed in there before, and stops newcomers', async () => {
    const from = fresh()
    await signIn(from)
    await spray(from, 27)
    expect((await signIn(from)).status).toBe(200)
    email = await newPerson()
    expectProblem(await signIn(from), 'rate_limited')
    expect((await signIn(fresh())).status).toBe(200)
  })

  test('is not excused by right passwords in between', async () => {
    const from = fresh()
    const own = email
    for (let round = 0; round < 5; round += 1) {
      expect(await spray(from, 5)).toEqual(all(5, 401))
      email = own
      expect((await signIn(from)).status).toBe(200)
    }
    expect(await spray(from, 2)).toEqual([401, 429])
  })

  test.each([
    ['in one IPv6 /64', (index: number) => `2001:db8:1:1::${index.toString(16)}`, 26],
    ['over the /64s of one /48', (index: number) => `2001:db8:2:${index.toString(16)}::1`, 101],
  ])('%s', async (_, from, free) => {
    expect(await inTurn(free + 1, (index) => guess(from(index), nobody()))).toEqual([...all(free, 401), 429])
  })

  test('over different sites is of different people', async () => {
    const from = (index: number) => `2001:db8:${(index + 16).toString(16)}::1`
    expect(await inTurn(30, (index) => guess(from(index), nobody()))).toEqual(all(30, 401))
  })
})

describe('a name that is guessed at from many places', () => {
  const surround = async (name: string) =>
    expect(await inTurn(50, () => guess(fresh(), name))).toEqual(all(50, 401))

  test('has one try wherever it is not known, and a long wait after it', async () => {
    await surround(email)
    const from = fresh()
    expect((await guess(from)).status).toBe(401)
    const refused = await guess(from)
    expectProblem(refused, 'rate_limited')
    expect(refused.headers['retry-after']).toBe('300')
  })

  test('does not keep its owner out anywhere: the one try is enough', async () => {
    const known = fresh()
    await signIn(known)
    await surround(email)
    for (let round = 0; round < 5; round += 1) {
      expect((await guess(fresh())).status).toBe(401)
      expect((await signIn(fresh())).status).toBe(200)
      expect(await inTurn(5, () => guess(known))).toEqual(all(5, 401))
      expect((await signIn(known)).status).toBe(200)
    }
  })

  test('is so for an hour', async () => {
    await surround(email)
    clock.move(HOUR_MS)
    expect(await inTurn(7, () => guess('203.0.113.1'))).toEqual([...all(6, 401), 429])
  })

  test('leaves other names alone', async () => {
    await surround(email)
    email = await newPerson()
    expect(await inTurn(6, () => guess('203.0.113.2'))).toEqual(all(6, 401))
  })
})

describe('nothing tells a name that a user has from one that nobody has', () => {
  /** Guessing in every way, at two names from places of their own, answered alike to the byte. */
  test.each<readonly [string, (name: string) => Promise<TestAnswer[]>]>([
    ['from one place', (name) => sequence(9, name, () => '203.0.113.10')],
    ['from many places', (name) => sequence(52, name, (index) => `203.0.${114 + (index >> 8)}.${index}`)],
    ['from one site', (name) => sequence(9, name, (index) => `2001:db8:ff:${index}::1`)],
  ])('%s', async (_, ask) => {
    const own = await ask(email)
    clock.move(HOUR_MS)
    const strange = await ask(nobody())
    expect(strange.map(comparable)).toEqual(own.map(comparable))
  })

  async function sequence(times: number, name: string, from: (index: number) => string) {
    const answers: TestAnswer[] = []
    for (let index = 0; index < times; index += 1) answers.push(await guess(from(index), name))
    return answers
  }
})
