import { parseAddress } from '@latchkey/core/address'
import type { Fingerprint } from '@latchkey/core/fingerprint'
import type { KeySecret } from '@latchkey/core/loaded-key'
import { expect, test } from 'vitest'
import { createSecretUses } from './secret-uses.ts'

const tag = (text: string) => text as Fingerprint
const ending = (text: string) => ({ tag: tag(text), endsAtMs: 9_000, replaces: null }) as KeySecret
const replacing = (text: string) => ({ tag: tag('new'), endsAtMs: null, replaces: tag(text) }) as KeySecret
const neverRotated = { tag: tag('only'), endsAtMs: null, replaces: null } as KeySecret
const address = parseAddress('2001:DB8::7')

test('of an old secret the last use is told, and of the one in its place the first', () => {
  const uses = createSecretUses()
  uses.add(ending('old'), { nowMs: 1, address })
  uses.add(replacing('old'), { nowMs: 2, address })
  uses.add(ending('old'), { nowMs: 3, address: undefined })
  uses.add(replacing('old'), { nowMs: 4, address })
  uses.add(neverRotated, { nowMs: 5, address })
  expect(uses.take()).toEqual([{ tag: 'old', usedAtMs: 3, address: null, successorUsedAtMs: 2 }])
  expect(uses.take()).toEqual([])
})

test('an old secret that nobody uses is told by the one in its place', () => {
  const uses = createSecretUses()
  uses.add(replacing('old'), { nowMs: 2, address })
  uses.add(ending('other'), { nowMs: 3, address })
  expect(uses.take()).toEqual([
    { tag: 'old', usedAtMs: null, address: null, successorUsedAtMs: 2 },
    { tag: 'other', usedAtMs: 3, address: '2001:db8::7', successorUsedAtMs: null },
  ])
})

test('they come in the order of their tags, whichever was used first', () => {
  const uses = createSecretUses()
  for (const text of ['c', 'a', 'd', 'b']) uses.add(ending(text), { nowMs: 1, address })
  expect(uses.take().map((use) => use.tag)).toEqual(['a', 'b', 'c', 'd'])
})

test('of fifty thousand secrets uses are remembered; one more waits, and those there still move', () => {
  const uses = createSecretUses()
  for (let n = 0; n <= 50_000; n++) uses.add(ending(String(n)), { nowMs: 1, address: undefined })
  uses.add(ending('7'), { nowMs: 2, address: undefined })
  const taken = new Map(uses.take().map((use) => [String(use.tag), use.usedAtMs]))
  expect([taken.size, taken.get('7'), taken.has('50000')]).toEqual([50_000, 2, false])
})
