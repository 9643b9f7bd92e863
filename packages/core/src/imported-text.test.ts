import { describe, expect, it } from 'vitest'
import type { DigestFormat } from './digest-format.ts'
import { createFingerprinter } from './fingerprint.ts'
import {
  type ImportFormat,
  type ImportShape,
  importedTag,
  importedTags,
  shapeOfPrefix,
  shapeOfText,
  withShape,
} from './imported-text.ts'

const fingerprint = createFingerprinter(Buffer.alloc(32, 7))
const WHOLE: DigestFormat = { algorithm: 'sha256', input: 'whole' }
const PIPE: DigestFormat = { algorithm: 'sha256', input: 'after-first-pipe' }
const TEXT = 'shop_7Kq2vR9xWm4TzB8nLd'
const declared = (format: DigestFormat, ...shapes: ImportShape[]): ImportFormat => ({
  format,
  extras: {},
  shapes,
})

/** As long as TEXT, with no prefix. */
const WORDS = { ...shapeOfText(TEXT), prefix: '' }
const ANY = declared(WHOLE, shapeOfPrefix(''))

describe('a text', () => {
  it.each([
    ['that fits one format is hashed once', [declared(WHOLE, shapeOfText(TEXT))], TEXT, 1],
    [
      'that fits two is hashed twice',
      [declared(WHOLE, shapeOfText(TEXT)), declared(PIPE, shapeOfPrefix(''))],
      TEXT,
      2,
    ],
    ['that is longer is not hashed', [declared(WHOLE, shapeOfText(TEXT))], `${TEXT}x`, 0],
    ['that is shorter is not hashed', [declared(WHOLE, shapeOfText(TEXT))], TEXT.slice(0, -1), 0],
    [
      'with another prefix is not hashed',
      [declared(WHOLE, shapeOfText(TEXT))],
      TEXT.replace('shop', 'chop'),
      0,
    ],
    ['of which the first character is another is not', [declared(WHOLE, WORDS)], `.${TEXT.slice(1)}`, 0],
    ['of which the last character is another is not', [declared(WHOLE, WORDS)], `${TEXT.slice(1)}.`, 0],
    ['of control characters is not hashed', [declared(WHOLE, shapeOfPrefix(''))], `\t${TEXT}`, 0],
    ['that ends with one is not', [declared(WHOLE, shapeOfPrefix(''))], `${TEXT}\n`, 0],
    ['of eight characters may be of a system of which no more is known', [ANY], 'a'.repeat(8), 1],
    ['of seven may not', [ANY], 'a'.repeat(7), 0],
    ['of 512 may', [ANY], 'a'.repeat(512), 1],
    ['of 513 may not', [ANY], 'a'.repeat(513), 0],
    [
      'that fits one of two shapes of a format is hashed once',
      [declared(WHOLE, shapeOfPrefix('x'), shapeOfPrefix(''))],
      TEXT,
      1,
    ],
    ['with other characters is not hashed', [declared(WHOLE, shapeOfText(TEXT))], TEXT.replace('K', '.'), 0],
    ['of which nothing would be hashed has no tag', [declared(PIPE, shapeOfPrefix(''))], '1234567|', 0],
    ['where nothing was imported is not hashed', [], TEXT, 0],
  ])('%s', (_, formats, text, count) => {
    expect(importedTags(text, formats, fingerprint)).toHaveLength(count)
  })

  it('has another tag under every format, and for every digest', () => {
    const digests = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
    const tags = [WHOLE, PIPE].flatMap((format) =>
      digests.map((digest) => importedTag(digest, format, fingerprint)),
    )
    expect(new Set(tags).size).toBe(4)
  })
})

describe('shapes', () => {
  it.each([
    [TEXT, { prefix: 'shop_', lengthMin: 23, lengthMax: 23, alphabet: 'word' }],
    ['-shop_7Kq2', { prefix: '', lengthMin: 10, lengthMax: 10, alphabet: 'word' }],
    [`${'a'.repeat(17)}_b`, { prefix: '', lengthMin: 19, lengthMax: 19, alphabet: 'word' }],
    ['no-mark.7Kq2vR9xWm4TzB8n', { prefix: '', lengthMin: 24, lengthMax: 24, alphabet: 'printable' }],
  ])('of %s is what it looks like', (text, shape) => {
    expect(shapeOfText(text)).toEqual(shape)
  })

  it('that are fitted already are the same array', () => {
    const shapes = withShape([], shapeOfPrefix('shop_'))
    expect(withShape(shapes, shapeOfText(TEXT))).toBe(shapes)
  })

  const wide = { prefix: 'shop_', lengthMin: 10, lengthMax: 20, alphabet: 'word' } as const
  it.each<[string, Partial<ImportShape>, Partial<ImportShape>, boolean]>([
    ['the same', {}, {}, true],
    ['shorter and longer ones within it', { lengthMin: 11, lengthMax: 19 }, {}, true],
    ['shorter ones', { lengthMin: 9 }, {}, false],
    ['longer ones', { lengthMax: 21 }, {}, false],
    ['a longer prefix', { prefix: 'shop_a' }, {}, true],
    ['a shorter prefix', { prefix: 'sho' }, {}, false],
    ['a larger alphabet', { alphabet: 'printable' }, {}, false],
    ['a smaller alphabet', {}, { alphabet: 'printable' }, true],
    ['the same large alphabet', { alphabet: 'printable' }, { alphabet: 'printable' }, true],
  ])('that are fitted already, or not: %s', (_what, inner, outer, isHeld) => {
    const shapes = [{ ...wide, ...outer }]
    expect(withShape(shapes, { ...wide, ...inner }) === shapes).toBe(isHeld)
  })

  it('of prefixes with nothing in common become one of any', () => {
    const texts = Array.from({ length: 17 }, (_, n) => `${String.fromCharCode(97 + n)}_${'x'.repeat(20)}`)
    const shapes = texts.reduce<readonly ImportShape[]>((all, text) => withShape(all, shapeOfText(text)), [])
    expect(shapes).toEqual([{ prefix: '', lengthMin: 22, lengthMax: 22, alphabet: 'word' }])
  })

  it('of one prefix become one', () => {
    const dotted = shapeOfText('shop_7Kq2.')
    const both = { prefix: 'shop_', lengthMin: 10, lengthMax: 23, alphabet: 'printable' }
    expect(withShape([shapeOfText(TEXT)], dotted)).toEqual([both])
    expect(withShape([dotted], shapeOfText(TEXT))).toEqual([both])
    expect(withShape([shapeOfText('shop_abc')], shapeOfText('shop_ab'))).toEqual([
      { prefix: 'shop_', lengthMin: 7, lengthMax: 8, alphabet: 'word' },
    ])
  })

  it('that a wider one holds go', () => {
    expect(withShape([shapeOfText(TEXT)], shapeOfPrefix('s'))).toEqual([shapeOfPrefix('s')])
    expect(withShape([shapeOfPrefix('t')], shapeOfPrefix('s'))).toHaveLength(2)
  })

  it('that are too many become one that holds all of them', () => {
    let shapes: readonly ImportShape[] = []
    const texts = Array.from({ length: 17 }, (_, n) => `p${n}a_${'x'.repeat(20 + n)}`)
    for (const text of texts) shapes = withShape(shapes, shapeOfText(text))
    expect(shapes).toEqual([{ prefix: 'p', lengthMin: 24, lengthMax: 41, alphabet: 'word' }])
    for (const text of texts) {
      expect(importedTags(text, [declared(WHOLE, ...shapes)], fingerprint)).toHaveLength(1)
    }
  })
})
