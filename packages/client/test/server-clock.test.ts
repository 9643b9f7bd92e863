import { expect, test } from 'vitest'
import { createServerClock } from '../src/verifier/server-clock.ts'

const SAID_MS = Date.UTC(2026, 10, 28, 12)

/** Clocks of a machine that is an hour ahead of the service, and a moment at which the service was asked. */
function machine() {
  const passed = { monotonicMs: 0, wallMs: 0 }
  const timing = {
    monotonicMs: () => 5_000 + passed.monotonicMs,
    wallMs: () => SAID_MS + 3_600_000 + passed.wallMs,
    after: () => () => {},
  }
  return { passed, timing, asked: { monotonicMs: timing.monotonicMs(), wallMs: timing.wallMs() } }
}

test.each([
  ['both clocks', 900, 900, 900],
  ['the wall clock, when the machine was suspended', 100, 1_500, 1_500],
  ['the monotonic one, when the wall clock was set back', 700, -60_000, 700],
])('goes on by %s', (_what, monotonicMs, wallMs, byMs) => {
  const { passed, timing, asked } = machine()
  const clock = createServerClock(timing)
  clock.note(new Date(SAID_MS).toISOString(), asked)
  Object.assign(passed, { monotonicMs, wallMs })
  expect(clock.nowMs()).toBe(SAID_MS + byMs)
  // Suspended while the answer was on its way.
  clock.note(new Date(SAID_MS).toISOString(), asked, 50)
  expect(clock.nowMs()).toBe(SAID_MS + byMs - 50)
})

test('is that of the machine until the service says what is a time', () => {
  const { passed, timing, asked } = machine()
  const clock = createServerClock(timing)
  clock.note('soon', asked)
  Object.assign(passed, { monotonicMs: 10, wallMs: 10 })
  expect(clock.nowMs()).toBe(timing.wallMs())
})
