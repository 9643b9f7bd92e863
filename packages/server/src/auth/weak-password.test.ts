import { describe, expect, test } from 'vitest'
import { findWeakness } from './weak-password.ts'

const ADA = { name: 'Ada Lovelace', email: 'ada.lovelace@example.com' }

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
    // A row with two breaks in twelve characters.
    'abcdqwerzxcv',
    'aaabbbcccddd',
    'tyuioiuytyui',
    'azertrezazer',
    'фывапролджэж',
    // One letter written otherwise.
    'p4ssword1234',
    'b@seball1234',
    'bas3ball1234',
    'pr1ncess1234',
    'sunsh!ne1234',
    'f0otball1234',
    'pa5sword1234',
    'pa$sword1234',
    'foo7ball1234',
    'p4ssword!p4ssword!',
    // On the list as it is, and with a gap in it.
    'mailcreated5240',
    'minnesota_hp',
    'Minnesota HP 2026',
    'llabesab1234',
    'dragon739164',
    'dragondragon1!',
    'superman99superman99s!!',
    'booboo739164',
    'pass word - 1234',
    '. _ . - . _ -',
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

  test.each([
    ['al bo cy de fy', 'Al Bo Cy De Fy'],
    ['annabellina', 'Ann Annabellina'],
    ['annabellina', 'Annabellina Ann'],
    ['eve9eve8eve7', 'Eve'],
    ['eve-9!b7?d5', 'Eve'],
  ])('%j of %j', (password, name) => {
    expect(findWeakness(password, { name, email: null })).toContain('little more than the name')
  })

  test.each([
    ['al is not in here', { name: 'Al', email: 'a@b.co' }],
    ['ababacdabxyz', { name: 'Ab', email: null }],
    ['other-brother', { name: 'Zoe', email: null }],
    ['eve-9!b7?d5c3', { name: 'Eve', email: null }],
  ])('%j of %j is not', (password, person) => {
    expect(findWeakness(password, person)).toBeUndefined()
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
    // Seven characters more than a word, two breaks in eleven characters, a piece and not quite a second.
    'dragon7391648',
    'abcdqwexcvb',
    'kT7x9QzkT7x9Q',
    'kT7-qPz',
    'x9$L!-_+#.,?',
  ])('%j', (password) => expect(findWeakness(password, ADA)).toBeUndefined())
})
