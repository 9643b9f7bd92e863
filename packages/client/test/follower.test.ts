import { describe, expect, test } from 'vitest'
import type { ChangesRequest, ChangesResult } from '../src/index.ts'
import { createFollower } from '../src/verifier/follower.ts'

type Asked = {
  readonly question: ChangesRequest
  tell(told?: Partial<ChangesResult>): Promise<void>
  fail(error: Error): Promise<void>
}

class Refused extends Error {}

/** A follower whose clocks and service are the test's. */
function aFollower() {
  const clock = { monotonicMs: 1_000, wallMs: 1_700_000_000_000 }
  const timers: { atMs: number; run: () => void }[] = []
  const asked: Asked[] = []
  const forgotten: string[] = []
  let ids = 0
  const follower = createFollower({
    timing: {
      monotonicMs: () => clock.monotonicMs,
      wallMs: () => clock.wallMs,
      after(ms, run) {
        const timer = { atMs: clock.monotonicMs + ms, run }
        timers.push(timer)
        return () => void timers.splice(timers.indexOf(timer), 1)
      },
    },
    memory: {
      drop: (...revoked) => void forgotten.push(...revoked.map(({ id }) => id)),
      clear: () => void forgotten.push('everything'),
    },
    ask: (question) =>
      new Promise((resolve, reject) => {
        asked.push({
          question,
          tell: (told = {}) => settle(() => resolve(answerTo(question, told))),
          fail: (error) => settle(() => reject(error)),
        })
      }),
    hangUp: () => void asked.at(-1)?.fail(new Error('hung up')),
    newId: () => `id${++ids}`,
    isRefusal: (error) => error instanceof Refused,
    onLook: () => {},
  })
  follower.start()
  return {
    follower,
    asked,
    forgotten,
    last: () => asked.at(-1)!,
    /** Both clocks go on, and what was due is done. */
    async pass(ms: number, { monotonic = ms, wall = ms } = {}) {
      clock.monotonicMs += monotonic
      clock.wallMs += wall
      for (const timer of timers.filter(({ atMs }) => atMs <= clock.monotonicMs)) {
        timers.splice(timers.indexOf(timer), 1)
        timer.run()
      }
      await settle(() => {})
    },
  }
}

async function settle(work: () => void): Promise<void> {
  work()
  await new Promise(setImmediate)
}

const answerTo = ({ after, nonce }: ChangesRequest, told: Partial<ChangesResult>): ChangesResult => ({
  epoch: 'e1',
  after,
  through: 5,
  changes: [],
  reset: after === null,
  server: 's1',
  heldMs: 0,
  provenMsAgo: 0,
  leaseMs: 2_000,
  now: '2026-11-28T12:00:00.000Z',
  nonce,
  ...told,
})

/** One that has heard from the service, and asks again. */
async function aFreshFollower(told: Partial<ChangesResult> = {}) {
  const made = aFollower()
  await made.last().tell(told)
  made.forgotten.length = 0
  return made
}

const KEY = (id: string) => ({ scope: 'key' as const, id })

describe('the lease', () => {
  test('is not there before an answer', async () => {
    expect(aFollower().follower.isFresh()).toBe(false)
  })

  test.each([
    ['from before the question', 0, 0, 300, 1_700],
    ['and longer by what the answer was held', 500, 0, 500, 2_000],
    ['and shorter by the age of the proof', 0, 400, 300, 1_300],
  ])('runs %s', async (_name, heldMs, provenMsAgo, onTheWayMs, leftMs) => {
    const made = aFollower()
    await made.pass(onTheWayMs)
    await made.last().tell({ heldMs, provenMsAgo })
    await made.pass(leftMs)
    expect(made.follower.isFresh()).toBe(true)
    await made.pass(1)
    expect(made.follower.isFresh()).toBe(false)
  })

  test.each([
    ['the monotonic clock stood still', { monotonic: 0, wall: 2_001 }],
    ['the wall clock stood still', { monotonic: 2_001, wall: 0 }],
    ['the wall clock was set back', { monotonic: 1, wall: -1 }],
  ])('ends although %s', async (_name, clocks) => {
    const { follower, pass } = await aFreshFollower()
    await pass(0, clocks)
    expect(follower.isFresh()).toBe(false)
  })

  test('is that of the newest answer, though it be shorter', async () => {
    const { follower, last, pass } = await aFreshFollower()
    await pass(100)
    await last().tell({ provenMsAgo: 1_990 })
    expect(follower.isFresh()).toBe(false)
  })

  test.each<[string, Partial<ChangesResult>]>([
    ['gives none', { leaseMs: 0, heldMs: 500 }],
    ['has lost a figure', { heldMs: undefined as unknown as number }],
    ['is to another question', { nonce: 'other' }],
  ])('is not renewed by an answer that %s', async (_name, told) => {
    const { follower, last, pass } = await aFreshFollower()
    await pass(500)
    await last().tell(told)
    await pass(1_600)
    expect(follower.isFresh()).toBe(false)
  })
})

describe('what changed', () => {
  test('is forgotten, and acknowledged at once', async () => {
    const { forgotten, last } = await aFreshFollower()
    expect(last().question).toMatchObject({ epoch: 'e1', after: 5 })
    await last().tell({ through: 7, changes: [KEY('a'), KEY('b')] })
    expect(forgotten).toEqual(['a', 'b'])
    expect(last().question).toMatchObject({ epoch: 'e1', after: 7, hold: 0 })
    await last().tell({ through: 7 })
    expect(last().question).toMatchObject({ after: 7, hold: 500 })
  })

  test.each<[string, Partial<ChangesResult>]>([
    ['a reset', { reset: true }],
    ['another life of the store', { epoch: 'e2' }],
    ['a range that begins later', { after: 6 }],
  ])('everything is forgotten at %s', async (_name, told) => {
    const { forgotten, last } = await aFreshFollower()
    await last().tell({ through: 9, ...told })
    expect(forgotten).toEqual(['everything'])
    expect(last().question.after).toBe(9)
  })

  test('a server that is behind takes nothing back', async () => {
    const { follower, last, forgotten } = await aFreshFollower()
    await last().tell({ through: 3 })
    expect(forgotten).toEqual([])
    expect(last().question.after).toBe(5)
    expect(follower.expect()({ epoch: 'e1', revision: 4 })).toBe(false)
    expect(follower.expect()({ epoch: 'e1', revision: 5 })).toBe(true)
    expect(follower.expect()({ epoch: 'e2', revision: 9 })).toBe(false)
  })
})

describe('who has heard', () => {
  test('every server that answered within the lease is asked until it has', async () => {
    const { last } = await aFreshFollower({ server: 's1' })
    await last().tell({ server: 's2' })
    await last().tell({ server: 's2' })
    await last().tell({ server: 's1', through: 6, changes: [KEY('a')] })
    for (const server of ['s1', 's1', 's1', 's2']) {
      expect(last().question).toMatchObject({ after: 6, hold: 0 })
      await last().tell({ server, through: 6 })
    }
    expect(last().question.hold).toBe(500)
  })

  test('one that does not come is given up after eight tries a server, or when its lease is over', async () => {
    const { last, pass } = await aFreshFollower({ server: 'gone' })
    await last().tell({ server: 's1', through: 6, changes: [KEY('a')] })
    let tries = 0
    for (; last().question.hold === 0; tries += 1) await last().tell({ server: 's1', through: 6 })
    expect(tries).toBe(16)
    await last().tell({ server: 's1', through: 7, changes: [KEY('b')] })
    await pass(1_900)
    await last().tell({ server: 's1', through: 7 })
    await pass(200)
    await last().tell({ server: 's1', through: 7 })
    expect(last().question.hold).toBe(500)
  })
})

describe('a service that', () => {
  test('is silent is asked again, soon', async () => {
    const { follower, asked, last, pass } = await aFreshFollower()
    for (const pauseMs of [50, 100, 250, 500, 500]) {
      const count = asked.length
      await last().fail(new Error('silent'))
      expect(follower.failure).toBeInstanceOf(Error)
      await pass(pauseMs - 1)
      expect(asked).toHaveLength(count)
      await pass(1)
      expect(asked).toHaveLength(count + 1)
    }
    await last().tell()
    expect(follower.failure).toBeUndefined()
  })

  test('refuses who asks finds memory empty, and another name', async () => {
    const { follower, forgotten, last, pass } = await aFreshFollower()
    const before = last().question.verifier
    await last().fail(new Refused())
    expect(follower.isFresh()).toBe(false)
    expect(forgotten).toEqual(['everything'])
    await pass(2_000)
    expect(last().question).toMatchObject({ epoch: null, after: null })
    expect(last().question.verifier).not.toBe(before)
  })

  test('gives no lease is not asked without a pause', async () => {
    const { asked, last, pass } = await aFreshFollower({ leaseMs: 0 })
    expect(asked).toHaveLength(2)
    await last().tell({ leaseMs: 0, reset: true })
    expect(asked).toHaveLength(2)
    await pass(250)
    expect(asked).toHaveLength(3)
  })
})

test('an answer to somebody who was forgotten meanwhile gives nothing', async () => {
  const { follower, last } = await aFreshFollower()
  follower.forget()
  await last().tell()
  expect(follower.isFresh()).toBe(false)
  expect(last().question).toMatchObject({ epoch: null, after: null })
})

test('memory is empty before goodbye is said, under the same name', async () => {
  const { follower, asked, forgotten, last } = await aFreshFollower()
  const { question } = last()
  const stopped = follower.stop()
  expect([follower.isFresh(), forgotten]).toEqual([false, ['everything']])
  await settle(() => {})
  expect(last().question).toMatchObject({ verifier: question.verifier, goodbye: true, hold: 0 })
  await last().tell()
  await stopped
  expect(follower.isFresh()).toBe(false)
  expect(asked).toHaveLength(3)
})

test('an answer that comes while it stops gives no lease', async () => {
  const { follower, last } = await aFreshFollower()
  const { tell } = last()
  const stopped = follower.stop()
  await tell()
  expect(follower.isFresh()).toBe(false)
  await last().tell()
  await stopped
})

test('whoever is somebody else by the time of the answer asks again at once, and then after pauses', async () => {
  const { follower, asked, last, pass } = await aFreshFollower()
  follower.forget()
  await last().tell()
  const again = asked.length
  follower.forget()
  await last().tell()
  follower.forget()
  await pass(49)
  expect(asked).toHaveLength(again)
  expect(follower.failure).toMatchObject({ message: expect.stringContaining('another one each time') })
  await pass(1)
  expect(asked).toHaveLength(again + 1)
  await last().tell()
  expect(follower.isFresh()).toBe(true)
  expect(follower.failure).toBeUndefined()
})

test.each<[string, Error, number]>([
  ['silent', new Error('silent'), 50],
  ['refusing', new Refused('not accepted'), 2_000],
])(
  'a service that is %s is said to be, though the key is another one each time',
  async (_name, error, pauseMs) => {
    const { follower, asked, last, pass } = await aFreshFollower()
    for (let time = 0; time < 2; time += 1) {
      follower.forget()
      await last().fail(error)
    }
    expect(follower.failure).toBe(error)
    const count = asked.length
    await pass(pauseMs - 1)
    expect(asked).toHaveLength(count)
    await pass(1)
    expect(asked).toHaveLength(count + 1)
  },
)
