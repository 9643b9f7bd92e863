import type { Fingerprint } from '@latchkey/core/fingerprint'
import type { ImportFormat } from '@latchkey/core/imported-text'
import { expect, test } from 'vitest'
import { createImportedTexts } from './imported-texts.ts'

const TEXT = 'shop_Hq3bXz81LmNc0RtY'
const TAG = 'a tag' as Fingerprint
/** Of texts that begin like this one. */
const DECLARED: ImportFormat = {
  format: { algorithm: 'sha256', input: 'whole' },
  extras: {},
  shapes: [{ prefix: 'shop_', lengthMin: 8, lengthMax: 512, alphabet: 'printable' }],
}

/**
 * How often was asked what is declared; each answer is given by the test. `fresh`: what is said of memory each time.
 * No tag is known.
 */
function aStore(fresh: boolean[] = []) {
  const asked: PromiseWithResolvers<readonly ImportFormat[]>[] = []
  let forgotten = 0
  const texts = createImportedTexts({
    load() {
      const answer = Promise.withResolvers<readonly ImportFormat[]>()
      asked.push(answer)
      return answer.promise
    },
    isFresh: () => fresh.shift() ?? true,
    knownTags: {
      among: () => [],
      forget() {
        forgotten += 1
      },
    },
    fingerprint: () => TAG,
  })
  return { asked, texts, forgotten: () => forgotten }
}

test('what is declared is asked for once, and again when it may have changed', async () => {
  const { asked, texts } = aStore()
  const [first, second] = [texts.tagsOf(TEXT), texts.tagsOf(TEXT)]
  asked[0]!.resolve([])
  expect(await Promise.all([first, second])).toEqual([[], []])
  expect(texts.tagsOf(TEXT)).toEqual([])
  texts.forget()
  void texts.tagsOf(TEXT)
  expect(asked).toHaveLength(2)
})

test('a store that did not answer is asked again', async () => {
  const { asked, texts } = aStore()
  const first = texts.tagsOf(TEXT)
  asked[0]!.reject(new Error('disk I/O error'))
  await expect(first).rejects.toMatchObject({ code: 'cannot_verify' })
  const second = texts.tagsOf(TEXT)
  asked[1]!.resolve([])
  expect(await second).toEqual([])
})

test.each(['resolve', 'reject'] as const)(
  'an answer from before a change is not kept, nor in the way: %s',
  async (way) => {
    const { asked, texts } = aStore()
    const before = Promise.allSettled([texts.tagsOf(TEXT)])
    texts.forget()
    const after = texts.tagsOf(TEXT)
    if (way === 'resolve') asked[0]!.resolve([])
    else asked[0]!.reject(new Error('disk I/O error'))
    await before
    expect(texts.tagsOf(TEXT)).toBeInstanceOf(Promise)
    expect(asked).toHaveLength(2)
    asked[1]!.resolve([])
    expect(await after).toEqual([])
  },
)

test.each([
  ['too short', 'shop_12', 0],
  ['as short as can be', 'shop_123', 1],
  ['as long as can be', `shop_${'1'.repeat(507)}`, 1],
  ['too long', `shop_${'1'.repeat(508)}`, 0],
  ['with a tab before', `\t${TEXT}`, 0],
  ['with a tab within', `shop_\t${TEXT}`, 0],
  ['with a tab behind', `${TEXT}\t`, 0],
])('what nobody can have imported asks for nothing: %s', (_, text, times) => {
  const { asked, texts } = aStore()
  void texts.tagsOf(text)
  expect(asked).toHaveLength(times)
})

test.each([
  ['none that is not known, when memory is fresh', [true, true], TEXT, []],
  ['all it may have, when memory is not', [true, false], TEXT, [TAG]],
  ['none, when it looks like nothing that was imported', [true, true], `other_${TEXT}`, []],
] as const)('a text has of its tags %s', async (_, fresh, text, tags) => {
  const { asked, texts } = aStore([...fresh])
  const found = texts.tagsOf(text)
  asked[0]!.resolve([DECLARED])
  expect(await found).toEqual(tags)
})

test('when something may have been imported, what is known of tags goes too', () => {
  const { texts, forgotten } = aStore()
  texts.forget()
  expect(forgotten()).toBe(1)
})
