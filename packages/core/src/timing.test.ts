import { expect, test } from 'vitest'
import { isWithin, momentOf } from './timing.ts'

test.each([
  ['at once', 0, 0, true],
  ['at the end', 100, 100, true],
  ['later by the monotonic clock', 101, 100, false],
  ['later by the wall clock: the machine was suspended', 100, 101, false],
  ['before by the wall clock: it was set back', 50, -1, false],
  ['before by the monotonic clock', -1, 50, false],
])('a moment lies within a time when it does on both clocks: %s', (_what, monotonicMs, wallMs, isInside) => {
  const passed = { monotonicMs: 0, wallMs: 0 }
  const timing = {
    monotonicMs: () => 5_000 + passed.monotonicMs,
    wallMs: () => 1_795_000_000_000 + passed.wallMs,
    after: () => () => {},
  }
  const since = momentOf(timing)
  Object.assign(passed, { monotonicMs, wallMs })
  expect(isWithin(timing, since, 100)).toBe(isInside)
})
