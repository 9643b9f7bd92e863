import { momentOf } from '@latchkey/core/timing'
import { describe, expect, test } from 'vitest'
import { pause, systemTiming, within } from '../../src/verification/freshness/timing.ts'
import { createFakeTiming, settled } from './fake-timing.ts'

describe('a question', () => {
  test('that is not answered is given up then, not before', async () => {
    const timing = createFakeTiming()
    const asked = within(timing, 600, new Promise<never>(() => {}))
    const outcome = outcomeOf(asked)
    await timing.pass(599)
    expect(outcome.told).toBeUndefined()
    await timing.pass(1)
    expect(outcome.told).toEqual(new Error('no answer within 600 ms'))
  })

  test.each(['answered', 'refused'])('that is %s in time is not given up later', async (how) => {
    const timing = createFakeTiming()
    const question = Promise.withResolvers<string>()
    const outcome = outcomeOf(within(timing, 600, question.promise))
    if (how === 'answered') question.resolve('yes')
    else question.reject('no')
    await settled()
    expect(outcome.told).toBe(how === 'answered' ? 'yes' : 'no')
    expect(timing.due).toEqual([])
  })

  test('that was given up takes no late answer', async () => {
    const timing = createFakeTiming()
    const question = Promise.withResolvers<string>()
    const outcome = outcomeOf(within(timing, 600, question.promise))
    await timing.pass(600)
    question.resolve('late')
    await settled()
    expect(outcome.told).toBeInstanceOf(Error)
  })
})

test('a pause ends after its time', async () => {
  const timing = createFakeTiming()
  const outcome = outcomeOf(pause(timing, 50).then(() => 'over'))
  await timing.pass(49)
  expect(outcome.told).toBeUndefined()
  await timing.pass(1)
  expect(outcome.told).toBe('over')
})

describe('the clocks of the machine', () => {
  test('are its own', () => {
    const before = { monotonicMs: performance.now(), wallMs: Date.now() }
    const moment = momentOf(systemTiming)
    expect(moment.monotonicMs).toBeGreaterThanOrEqual(before.monotonicMs)
    expect(moment.monotonicMs).toBeLessThanOrEqual(performance.now())
    expect(moment.wallMs).toBeGreaterThanOrEqual(before.wallMs)
    expect(moment.wallMs).toBeLessThanOrEqual(Date.now())
  })

  test('call back once, unless it was called off', async () => {
    const called: string[] = []
    const callOff = systemTiming.after(1, () => called.push('first'))
    callOff()
    const second = Promise.withResolvers<void>()
    // Two timers of one length fall due in the order in which they were set.
    systemTiming.after(1, () => {
      called.push('second')
      second.resolve()
    })
    // Neither keeps the process from ending while this waits for them.
    const other = setTimeout(() => {}, 60_000)
    await second.promise
    clearTimeout(other)
    expect(called).toEqual(['second'])
  })

  test('keep no process from ending', () => {
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const callOff = systemTiming.after(60_000, () => {})
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout')).toHaveLength(before)
    callOff()
  })
})

/** What became of a promise so far. */
function outcomeOf(promise: Promise<unknown>): { told?: unknown } {
  const outcome: { told?: unknown } = {}
  promise.then(
    (value) => {
      outcome.told = value
    },
    (error: unknown) => {
      outcome.told = error
    },
  )
  return outcome
}
