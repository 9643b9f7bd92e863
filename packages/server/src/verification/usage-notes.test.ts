import { IN_FORCE } from '@latchkey/core/evaluate'
import type { Outcome } from '@latchkey/core/outcome'
import { expect, test } from 'vitest'
import { createUsageNotes } from './usage-notes.ts'

const verdictOn = (number: number) =>
  ({
    code: 'VALID',
    key: { id: `key_${number}`, companyId: 'cmp_1' },
    secret: undefined,
  }) as unknown as Outcome
const attempt = { ...IN_FORCE, address: undefined, nowMs: 0 }

test('says once that it is half full, so that nothing has to be left out', () => {
  let calls = 0
  const notes = createUsageNotes(() => {
    calls += 1
  }, 4)
  const keysOf = (numbers: readonly number[]) => {
    for (const number of numbers) notes.note(verdictOn(number), attempt)
    return notes.takeCounts().keys.map(({ keyId }) => keyId)
  }
  expect([keysOf([1, 1, 1]), calls]).toEqual([['key_1'], 0])
  expect([keysOf([1, 2, 2, 3]), calls]).toEqual([['key_1', 'key_2', 'key_3'], 1])
  expect([keysOf([1, 2, 3, 4, 5]), calls]).toEqual([['key_1', 'key_2', 'key_3', 'key_4'], 2])
})
