import type { Fingerprint } from '@latchkey/core/fingerprint'
import type { ImportFormat } from '@latchkey/core/imported-text'
import { expect, test } from 'vitest'
import { createImportedTexts } from './imported-texts.ts'

const TEXT = 'shop_Hq3bXz81LmNc0RtY'

/** How often was asked what is declared; each answer is given by the test. */
function aStore() {
  const asked: PromiseWithResolvers<readonly ImportFormat[]>[] = []
  const texts = createImportedTexts({
    load() {
      const answer = Promise.withResolvers<readonly ImportFormat[]>()
      asked.push(answer)
      return answer.promise
    },
    isFresh: () => true,
    knownTags: { among: (tags) => tags, forget: () => {} },
    fingerprint: () => 'a tag' as Fingerprint,
  })
  return { asked, texts }
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
