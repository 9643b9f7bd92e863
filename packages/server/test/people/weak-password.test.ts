/** Passwords that would be guessed early are refused, wherever one is set; what only looks like one is not. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findWeakness } from '../../src/auth/weak-password.ts'
import { setPasswordOnHost } from '../../src/host.ts'
import { expectProblem } from '../answer-checks.ts'
import { expectCreated, startTestServer, type TestService } from '../harness.ts'

const ADA = { name: 'Ada Lovelace', email: 'ada.lovelace@example.com' }

let server: TestService
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.dispose())

describe('is among the first that attackers try', () => {
  test.each([
    'passwordpassword',
    'password1234',
    'Password2026!',
    'PASSWORD!!!!',
    '2026password',
    '...password...',
    'p@ssw0rd1234',
    'pa$$word!123',
    'ｐａｓｓｗｏｒｄ１２３４',
    'pass word pass word',
    'q1w2e3r4t5y6',
    '1qaz2wsx3edc4rfv',
    'qazwsxedcrfv',
    'qwertyuiop123',
    'qwertyuiopasdf',
    'asdfghjklzxcvb',
    'qwertzuiopasdf',
    'йцукенгшщзхъ',
    'monkey123456',
    'iloveyou2026',
    'dragondragon',
    'justinbieber',
    'winter2026!!',
    'November2026!',
    'Passwort2026!',
    'changeme1234',
    'administrator1',
    'Password1!Password1!',
    'drowssap1234',
    'p.a.s.s.w.o.r.d',
    'acme-acme-acme',
    'x9$Lq!x9$Lq!',
    'aaaaaaaaaaaa',
    'abababababab',
    'abcabcabcabca',
    '!!!!!!!!!!!!',
    '            ',
    '😀'.repeat(12),
    'a'.repeat(256),
    '123456789012',
    '098765432109',
    '112233445566',
    '123123123123',
    'abcdefghijkl',
    'lkjihgfedcba',
    'abcdef123456',
    '123456qwerty',
  ])('%j', (password) => expect(findWeakness(password, ADA)).toContain('the first that attackers try'))
})

describe('is little more than the user’s own name or address', () => {
  test.each([
    'ada.lovelace@example.com',
    'ADA.LOVELACE@EXAMPLE.COM',
    'ada.lovelace',
    'Ada Lovelace',
    'AdaLovelace1',
    'lovelace_ada',
    'LovelaceAda2026',
    'ada-lovelace-123',
    '12ada34lovelace56',
    'lovelacelovelace',
    'ａｄａ Ｌｏｖｅｌａｃｅ',
    'example.com!1',
    'lovelace@latchkey',
    'latchkeylatchkey',
    'Latchkey2026!',
  ])('%j', (password) => expect(findWeakness(password, ADA)).toContain('little more than the name'))

  test('also in letters that are not Latin', () => {
    const person = { name: 'Анна Каренина', email: null }
    expect(findWeakness('каренина1877', person)).toContain('little more than the name')
    expect(findWeakness('каренина1877', ADA)).toBeUndefined()
  })

  test('names of one or two letters are no reason', () => {
    expect(findWeakness('al is not in here', { name: 'Al', email: 'a@b.co' })).toBeUndefined()
  })
})

describe('is taken', () => {
  test.each([
    'correct horse battery staple',
    'another password of mine',
    'x9$Lq!27zzPa',
    'Adas Katze mag Fische',
    'lovelace wrote the first program',
    'password is not a good word',
    'monkey 8412-7731-0926',
    '  spaces  count  ',
    'tab\tand\nline break',
    'kT7-kT7-9qPz',
    'x9$Lq!27x9$Lq!27',
    '7391648205713964',
    'قلعة نافذة مطر جبل',
  ])('%j', (password) => expect(findWeakness(password, ADA)).toBeUndefined())
})

describe('wherever a password is set', () => {
  const newUser = async () => {
    const email = `ada${Math.random()}@example.com`
    const user = await expectCreated(server, { path: '/users', body: { name: 'Ada', role: 'viewer', email } })
    return { ...user, email }
  }

  test('with an invitation, which is not used up', async () => {
    const { id } = await newUser()
    const { token } = await expectCreated(server, { path: `/users/${id}/invitation` })
    const set = (password: string) =>
      server.call({ method: 'POST', path: '/auth/password', key: null, body: { token, password } })
    for (const password of ['password1234', 'ada@example.com']) {
      const problem = expectProblem(await set(password), { code: 'invalid_field', pointer: '/password' })
      expect(problem.detail).not.toContain(password)
    }
    expect((await set('correct horse battery staple')).status).toBe(200)
  })

  test('who has no invitation is not told whether a password would do', async () => {
    const body = { token: `inv_${'A'.repeat(43)}`, password: 'password1234' }
    const answer = await server.call({ method: 'POST', path: '/auth/password', key: null, body })
    expectProblem(answer, 'invalid_credentials')
  })

  test('on the host', async () => {
    const { email } = await newUser()
    const set = (password: string) => setPasswordOnHost(server.services, email, password)
    await expect(set('password1234')).rejects.toMatchObject({ code: 'invalid_field' })
    await expect(set('correct horse battery staple')).resolves.toMatchObject({ email })
  })
})
