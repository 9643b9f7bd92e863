import { describe, expect, test } from 'vitest'
import { parseTokenText } from './token-text.ts'

const part = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const HEADER = { alg: 'EdDSA', kid: 'k' }
const CLAIMS = { sub: 'ada' }
const SIGNATURE = part('signature')
const token = (header: unknown = HEADER, claims: unknown = CLAIMS) =>
  `${part(header)}.${part(claims)}.${SIGNATURE}`

test('a token says what is in its header and in its claims', () => {
  expect(parseTokenText(token())).toEqual({ header: HEADER, claims: CLAIMS })
  expect(parseTokenText(token({}, {}))).toEqual({ header: {}, claims: {} })
})

describe('is no token', () => {
  test.each<readonly [string, string]>([
    ['nothing', ''],
    ['two parts', token().split('.').slice(0, 2).join('.')],
    ['four parts', `${token()}.${SIGNATURE}`],
    ['five parts', `${token()}.${SIGNATURE}.${SIGNATURE}`],
    ['no header', `.${part(CLAIMS)}.${SIGNATURE}`],
    ['no claims', `${part(HEADER)}..${SIGNATURE}`],
    ['no signature', `${part(HEADER)}.${part(CLAIMS)}.`],
    ['padding', `${token()}=`],
    ['a space before', ` ${token()}`],
    ['a line break after', `${token()}\n`],
    ['plain base64', `${part(HEADER)}.${part(CLAIMS)}.ab+/`],
    ['bits that mean nothing', `${part(HEADER)}.${part(CLAIMS)}.AB`],
    ['a part of one character', `${part(HEADER)}.${part(CLAIMS)}.A`],
  ])('%s', (_, text) => expect(parseTokenText(text)).toBeUndefined())

  const NO_OBJECTS: readonly unknown[] = ['"text"', '7', 'null', 'true', '[]', '[{}]', '{', '{"a":1,"a":2}']
  test.each(NO_OBJECTS)('header or claims that are %s', (value) => {
    expect(parseTokenText(token(value))).toBeUndefined()
    expect(parseTokenText(token(HEADER, value))).toBeUndefined()
  })

  test.each(['jku', 'jwk', 'x5u', 'x5c', 'crit', 'b64', 'zip', 'enc'])(
    'one whose header has %s, whatever it says',
    (name) => {
      for (const value of ['x', null, false]) {
        expect(parseTokenText(token({ ...HEADER, [name]: value }))).toBeUndefined()
      }
      expect(parseTokenText(token(HEADER, { [name]: 'x' }))).toBeDefined()
    },
  )
})
