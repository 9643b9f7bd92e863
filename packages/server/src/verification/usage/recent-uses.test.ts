import { parseAddress } from '@latchkey/core/address'
import type { KeyId } from '@latchkey/core/ids'
import { expect, test } from 'vitest'
import { createRecentUses, type News } from './recent-uses.ts'

const key = 'key_1' as KeyId
type Verdict = readonly [text: 'accepted' | 'refused', address: string | undefined, atMs: number, news: News]

/** What each verdict about one key tells, one after the other. */
function expectNews(verdicts: readonly Verdict[]): void {
  const { newsOf } = createRecentUses()
  const told = verdicts.map(([text, address, atMs]) =>
    newsOf(key, text === 'accepted', address === undefined ? undefined : parseAddress(address), atMs),
  )
  expect(told).toEqual(verdicts.map(([, , , news]) => news))
}

test('in a minute the first use of a key is told, and then each network once', () =>
  expectNews([
    ['accepted', '192.0.2.1', 0, 'use'],
    ['accepted', '192.0.2.1', 1, undefined],
    ['accepted', '192.0.2.2', 2, 'network'],
    ['accepted', '192.0.2.1', 3, undefined],
    ['accepted', '2001:db8::1', 4, 'network'],
    ['accepted', '2001:db8::2', 5, undefined],
    ['accepted', undefined, 6, undefined],
    ['accepted', '192.0.2.2', 59_999, undefined],
    ['accepted', '192.0.2.2', 60_000, 'use'],
    ['accepted', '192.0.2.1', 60_001, 'network'],
  ]))

test('a use from nowhere is the first all the same, and the only one', () =>
  expectNews([
    ['accepted', undefined, 0, 'use'],
    ['accepted', undefined, 1, undefined],
    ['accepted', '192.0.2.1', 2, 'network'],
  ]))

test('a refusal is no use; its network is told apart from that of uses', () =>
  expectNews([
    ['refused', '192.0.2.1', 0, 'network'],
    ['refused', '192.0.2.1', 1, undefined],
    ['refused', undefined, 2, undefined],
    ['accepted', '192.0.2.1', 3, 'use'],
    ['refused', '192.0.2.1', 4, undefined],
  ]))

test('a clock that was set back begins a new minute', () =>
  expectNews([
    ['accepted', '192.0.2.1', 10_000, 'use'],
    ['accepted', '192.0.2.1', 9_999, 'use'],
    ['accepted', '192.0.2.1', 69_998, undefined],
    ['accepted', '192.0.2.1', 69_999, 'use'],
  ]))

test('one that is forgotten is told again, and no other', () => {
  const { newsOf, forget } = createRecentUses()
  const other = 'key_2' as KeyId
  const address = parseAddress('192.0.2.1')
  expect([key, other].map((id) => newsOf(id, true, address, 0))).toEqual(['use', 'use'])
  forget(key)
  expect([key, other].map((id) => newsOf(id, true, address, 1))).toEqual(['use', undefined])
})

test('when two hundred thousand keys, or networks, are there, what was told is told again', () => {
  const networkOf = (value: number) => ({ family: 4, value }) as const
  const keys = createRecentUses()
  const newsOfKey = (n: number) => keys.newsOf(`key_${n}`, true, undefined, 0)
  const networks = createRecentUses()
  const newsOfNetwork = (n: number) => networks.newsOf(key, false, networkOf(n), 0)
  for (let n = 0; n < 199_999; n++) {
    newsOfKey(n)
    newsOfNetwork(n)
  }
  expect([0, 199_999, 0].map(newsOfKey)).toEqual([undefined, 'use', 'use'])
  expect([0, 199_999, 0].map(newsOfNetwork)).toEqual([undefined, 'network', 'network'])
})
