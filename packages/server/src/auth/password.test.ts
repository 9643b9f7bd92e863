import { argon2Sync } from 'node:crypto'
import type { UserId } from '@latchkey/core/ids'
import { describe, expect, test } from 'vitest'
import { createPasswords } from './password.ts'
import { formatStored, parseStored } from './stored-password.ts'

/** For who is right, and not for what guessing costs. */
const COST = { memoryKiB: 8, passes: 1, parallelism: 1 }
const PEPPER = Buffer.alloc(32, 1)
const TURN = { network: 'test', isKnown: true }
const EMAIL = 'ada@example.com'
const PASSWORD = 'correct horse'
const [ADA, BOB] = ['usr_1', 'usr_2'] as [UserId, UserId]

const passwords = createPasswords(PEPPER, COST)
const hash = (
  owner: { id?: UserId; email?: string | null } = {},
  beside: string[] = [],
  password = PASSWORD,
) => passwords.hash(password, { id: ADA, email: EMAIL, ...owner }, beside, TURN)
const match = async (password: string, ...candidates: { user_id: UserId; hash: string }[]) =>
  (await passwords.match(password, EMAIL, candidates, TURN)).map(({ candidate, renewed }) => [
    candidate.user_id,
    renewed,
  ])

describe('a stored password', () => {
  const STORED = {
    memoryKiB: 19_456,
    passes: 2,
    parallelism: 3,
    salt: Buffer.alloc(16, 4),
    tag: Buffer.alloc(32, 5),
    isPeppered: true,
  }
  const TEXT = `$argon2id-hmac$v=19$m=19456,t=2,p=3$${'BAQE'.repeat(5)}BA$${'BQUF'.repeat(10)}BQU`

  test('is written in the form that is kept, and read again', () => {
    expect(formatStored(STORED)).toBe(TEXT)
    expect(parseStored(TEXT)).toEqual(STORED)
    expect(parseStored(TEXT.replace('-hmac', ''))).toEqual({ ...STORED, isPeppered: false })
  })

  test.each([
    ['something before', `x${TEXT}`],
    ['something after', `${TEXT}$x`],
    ['another hash', TEXT.replace('argon2id', 'argon2i')],
    ['another version', TEXT.replace('v=19', 'v=16')],
    ['no salt', TEXT.replace(/\$BAQE[^$]*/, '$')],
    ['no tag', TEXT.replace(/BQUF.*/, '')],
    ['a cost that is no number', TEXT.replace('m=19456', 'm=x')],
    ['nothing', ''],
  ])('with %s is an error, and no password', (_, text) => {
    expect(() => parseStored(text)).toThrow('not in the expected form')
  })
})

describe('a password is right', () => {
  test('for whom it was stored, as it was written', async () => {
    const stored = await hash()
    expect(stored).toMatch(/^\$argon2id-hmac\$v=19\$m=8,t=1,p=1\$/)
    expect(await match(PASSWORD, { user_id: ADA, hash: stored })).toEqual([[ADA, undefined]])
    for (const other of ['Correct horse', 'correct horse ', '']) {
      expect(await match(other, { user_id: ADA, hash: stored })).toEqual([])
    }
    expect(await match(PASSWORD, { user_id: BOB, hash: stored })).toEqual([])
    expect(await match(PASSWORD)).toEqual([])
  })

  test('and is as costly to guess at as OWASP says at least, where nothing else is said', async () => {
    const stored = await createPasswords(PEPPER).hash(PASSWORD, { id: ADA, email: EMAIL }, [], TURN)
    expect(stored).toMatch(/^\$argon2id-hmac\$v=19\$m=19456,t=2,p=1\$/)
  })

  test.each([
    ['memory', { memoryKiB: 16 }],
    ['passes', { passes: 2 }],
  ])('for each of several users, whose hashes have one salt and other %s', async (_, cost) => {
    const mine = await hash()
    const beside = await createPasswords(PEPPER, { ...COST, ...cost }).hash(
      PASSWORD,
      { id: BOB, email: EMAIL },
      [mine],
      TURN,
    )
    const candidates = [
      { user_id: ADA, hash: mine },
      { user_id: BOB, hash: beside },
    ]
    expect((await match(PASSWORD, ...candidates)).map(([id]) => id)).toEqual([ADA, BOB])
  })

  test('in whichever of its forms a keyboard writes it', async () => {
    const stored = await hash({}, [], 'caf\u00e9')
    expect(await match('cafe\u0301', { user_id: ADA, hash: stored })).toHaveLength(1)
  })

  test('under its own pepper only', async () => {
    const other = createPasswords(Buffer.alloc(32, 2), COST)
    expect(await other.match(PASSWORD, EMAIL, [{ user_id: ADA, hash: await hash() }], TURN)).toEqual([])
  })

  test('for each of several users of an address, and for no other of them', async () => {
    const candidates = [
      { user_id: ADA, hash: await hash() },
      { user_id: BOB, hash: await hash({ id: BOB }, [], 'another') },
      { user_id: 'usr_3' as UserId, hash: await hash({ id: 'usr_3' as UserId }) },
    ]
    expect((await match(PASSWORD, ...candidates)).map(([id]) => id)).toEqual([ADA, 'usr_3'])
  })
})

describe('the salt', () => {
  const saltOf = (stored: string) => parseStored(stored).salt.toString('hex')

  test('is that of the address, so that one hash serves all its users; without one, of the user', async () => {
    expect(saltOf(await hash({ id: BOB }))).toBe(saltOf(await hash()))
    expect(parseStored(await hash()).salt).toHaveLength(16)
    const salts = [{}, { email: 'bob@example.com' }, { email: null }, { email: null, id: BOB }].map(
      async (owner) => saltOf(await hash(owner)),
    )
    expect(new Set(await Promise.all(salts)).size).toBe(4)
  })

  test('is that of another password of the address, where there is one', async () => {
    const beside = await hash({ email: 'before@example.com' })
    expect(saltOf(await hash({}, [beside]))).toBe(saltOf(beside))
  })
})

describe('what was stored otherwise is stored anew when the password is right', () => {
  const salt = Buffer.alloc(16, 9)
  /** As before there was a pepper. */
  const bare = ({ memoryKiB, passes, parallelism } = COST) => {
    const message = PASSWORD
    const cost = { memory: memoryKiB, passes, parallelism, tagLength: 32 }
    const tag = argon2Sync('argon2id', { message, nonce: salt, ...cost })
    return formatStored({ memoryKiB, passes, parallelism, salt, tag, isPeppered: false }).replace('-hmac', '')
  }

  test.each([
    ['before there was a pepper', COST],
    ['with more memory', { ...COST, memoryKiB: 16 }],
    ['with more passes', { ...COST, passes: 2 }],
    ['with more lanes', { memoryKiB: 16, passes: 1, parallelism: 2 }],
  ])('%s: under the pepper, at the usual cost, with its salt', async (_, cost) => {
    const [[id, renewed] = []] = await match(PASSWORD, { user_id: ADA, hash: bare(cost) })
    expect(id).toBe(ADA)
    expect(parseStored(renewed!)).toMatchObject({ ...COST, salt, isPeppered: true })
    expect(await match(PASSWORD, { user_id: ADA, hash: renewed! })).toEqual([[ADA, undefined]])
    expect(await match('another', { user_id: ADA, hash: bare(cost) })).toEqual([])
  })

  test('one at another cost under the pepper too', async () => {
    const costly = createPasswords(PEPPER, { ...COST, passes: 2 })
    const stored = await costly.hash(PASSWORD, { id: ADA, email: EMAIL }, [], TURN)
    const [[, renewed] = []] = await match(PASSWORD, { user_id: ADA, hash: stored })
    expect(parseStored(renewed!)).toMatchObject({ ...COST, salt: parseStored(stored).salt })
  })
})
