import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { simulate } from './simulate.ts'

const SEEDS_EACH = 50

/** Beside these, `npm run simulate` goes through as many as one has time for. */
describe('revocation under faults', () => {
  // Expected errors are many in a simulation, and nobody reads where they were made.
  const { stackTraceLimit } = Error
  beforeAll(() => {
    Error.stackTraceLimit = 0
  })
  afterAll(() => {
    Error.stackTraceLimit = stackTraceLimit
  })

  test.each([1, 51, 101, 151])('holds every promise in the seeds from %i', async (from) => {
    for (let seed = from; seed < from + SEEDS_EACH; seed += 1) {
      expect({ seed, violation: await simulate(seed) }).toEqual({ seed, violation: undefined })
    }
  })

  test.each([1, 51])('a key changes nothing after its revocation, in the seeds from %i', async (from) => {
    for (let seed = from; seed < from + SEEDS_EACH; seed += 1) {
      expect({ seed, violation: await simulate(seed, { withActs: true }) }).toEqual({
        seed,
        violation: undefined,
      })
    }
  })

  // Of each clause that keeps secrets apart, taken out, one of these is the first to break: see docs/proofs/rotation.md.
  test.each([
    ['', false],
    [', nor does one that is over change anything', true],
  ])('each secret of a rotated key ends when that was answered%s', async (_, withActs) => {
    for (let seed = 1; seed <= 20; seed += 1) {
      expect({ seed, violation: await simulate(seed, { withRotations: true, withActs }) }).toEqual({
        seed,
        violation: undefined,
      })
    }
  })

  test('a server whose row goes while a restored store is accepted answers nothing from memory', async () => {
    expect(await simulate(2_017)).toBeUndefined()
  })

  // Found by taking the clause out: the first seed that then breaks a promise, beyond those above.
  test.each([
    [309, 'the margin that the barrier waits beyond a lease'],
    [346, 'a server that stops gives up memory, and does so before its row'],
    [706, 'a caller without proof of freshness begins its own load'],
  ])('holds every promise in seed %i, which sees: %s', async (seed) => {
    expect(await simulate(seed)).toBeUndefined()
  })

  test('one seed always tells the same story', async () => {
    const stories = [[], []] as [string[], string[]]
    for (const story of stories) await simulate(42, { onTrace: (line) => story.push(line) })
    expect(stories[0].length).toBeGreaterThan(50)
    expect(stories[1]).toEqual(stories[0])
  })
})
