import fc from 'fast-check'
import { expect, test } from 'vitest'
import { scrubSecrets } from './scrub-secrets.ts'
import { generateSecret } from './secret.ts'

const BODY = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg1vsBFy'

test.each([
  ['alone', `lk_live_${BODY}`, '[secret]'],
  ['in JSON', `{"key":"lk_test_${BODY}","n":1}`, '{"key":"[secret]","n":1}'],
  ['in a URL', `/keys?key=lk_live_${BODY}&a=b`, '/keys?key=[secret]&a=b'],
  ['twice', `lk_live_${BODY} acme1_test_${BODY}`, '[secret] [secret]'],
  ['with a prefix in upper case', `LK_live_${BODY}`, '[secret]'],
  ['without its prefix', `_live_${BODY}`, '[secret]'],
  ['after a longer word', `ABCDEFGHIJKLMNOPQRSTUVWXYZlk_live_${BODY}`, 'ABCDEFGHIJKL[secret]'],
  ['with a wrong checksum', `lk_live_${'a'.repeat(49)}`, '[secret]'],
])('a secret is taken out: %s', (_, text, scrubbed) => {
  expect(scrubSecrets(text)).toBe(scrubbed)
})

test.each([
  'lk_live_0123...sBFy',
  'key_01h455vb4pex5vsknk084sn02q',
  `lk_live_${BODY.slice(1)}`,
  `lk_prod_${BODY}`,
  '',
])('%s stays as it is', (text) => {
  expect(scrubSecrets(text)).toBe(text)
})

test('no generated secret survives, whatever surrounds it', () => {
  const anySecret = fc
    .tuple(
      fc.stringMatching(/^[a-z][a-z0-9]{0,15}$/),
      fc.constantFrom('live' as const, 'test' as const),
      fc.nat(),
    )
    .map(([prefix, mode, seed]) => {
      const randomBytes = (size: number) =>
        Uint8Array.from({ length: size }, (_, n) => (seed * (n + 7)) % 248)
      return generateSecret({ prefix, mode, randomBytes }).reveal()
    })
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      anySecret,
      fc.string({ unit: 'binary' }),
      (before, secret, after) => {
        expect(scrubSecrets(`${before}${secret}${after}`)).not.toContain(
          secret.slice(secret.lastIndexOf('_')),
        )
      },
    ),
  )
})
