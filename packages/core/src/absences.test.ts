import { expect, test } from 'vitest'
import { createAbsences } from './absences.ts'
import type { KeyId } from './ids.ts'

const idOf = (n: number) => `key_${n}` as KeyId

function createClocked() {
  const clock = { nowMs: 0 }
  return { clock, absences: createAbsences(() => clock.nowMs) }
}

test.each([
  [0, true],
  [1, true],
  [2_000, true],
  [2_001, false],
  [1_000_000, false],
  [-1, false],
])('what was not there is known to be absent %i ms later: %s', (laterMs, isKnown) => {
  const { clock, absences } = createClocked()
  clock.nowMs = 5_000
  absences.note(idOf(1))
  clock.nowMs += laterMs
  expect(absences.isKnown(idOf(1))).toBe(isKnown)
  expect(absences.isKnown(idOf(2))).toBe(false)
})

test('20,000 are remembered, and beyond that the oldest goes', () => {
  const { absences } = createClocked()
  for (let n = 1; n <= 20_000; n++) absences.note(idOf(n))
  expect([1, 2, 20_000].map((n) => absences.isKnown(idOf(n)))).toEqual([true, true, true])
  absences.note(idOf(20_001))
  expect([1, 2, 20_000, 20_001].map((n) => absences.isKnown(idOf(n)))).toEqual([false, true, true, true])
})

test('what is noted again is the newest', () => {
  const { absences } = createClocked()
  for (let n = 1; n < 20_000; n++) absences.note(idOf(n))
  absences.note(idOf(1))
  for (const n of [20_000, 20_001]) absences.note(idOf(n))
  expect([1, 2, 3].map((n) => absences.isKnown(idOf(n)))).toEqual([true, false, true])
})

test('all are forgotten at once', () => {
  const { absences } = createClocked()
  for (const n of [1, 2]) absences.note(idOf(n))
  absences.clear()
  expect([1, 2].map((n) => absences.isKnown(idOf(n)))).toEqual([false, false])
})
