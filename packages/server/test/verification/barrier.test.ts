import { AppError } from '@latchkey/core/error'
import { describe, expect, test } from 'vitest'
import type { Head } from '../../src/storage/engine.ts'
import { createBarrier } from '../../src/verification/freshness/barrier.ts'
import { createFakeStore, LEASE_MS, MARGIN_MS } from './fake-store.ts'
import { createFakeTiming, settled } from './fake-timing.ts'

/** A barrier over a store at revision 5, where the servers named have applied what is said. */
function aBarrier(servers: Readonly<Record<string, number>>) {
  const store = createFakeStore()
  store.head.revision = 5
  const announce = (id: string, applied: number, epoch = 'one') =>
    store.servers.set(id, { id, epoch, applied, beat: 'a beat' })
  for (const [id, applied] of Object.entries(servers)) announce(id, applied)
  const timing = createFakeTiming()
  const lease = { expect: () => (head: Head) => head.isAccepted }
  const settle = createBarrier({ followed: store.followed, lease, timing })
  /** Waits for a revision; `told` is 'in force' or the error. */
  const wait = (revision = 5, epoch = 'one') => {
    const outcome: { told?: unknown } = {}
    settle({ revision, epoch }).then(
      () => {
        outcome.told = 'in force'
      },
      (error: unknown) => {
        outcome.told = error
      },
    )
    return outcome
  }
  return { store, timing, announce, wait }
}

const UNPROVEN = {
  code: 'unavailable',
  detail:
    'The change is stored, but it cannot be told whether every server has applied it: repeat the request.',
  retryAfterSeconds: 1,
}

describe('a revocation is in force', () => {
  test.each([
    ['nobody else is there', {}],
    ['each server has applied it', { a: 5, b: 5 }],
    ['each server has applied more', { a: 6, b: 9 }],
  ])('at once when %s', async (_name, servers) => {
    const { wait } = aBarrier(servers)
    const outcome = wait()
    await settled()
    expect(outcome.told).toBe('in force')
  })

  test('as soon as the last server has applied it', async () => {
    const { wait, timing, announce } = aBarrier({ a: 5, b: 4 })
    const outcome = wait()
    await timing.pass(500)
    expect(outcome.told).toBeUndefined()
    announce('b', 5)
    await timing.pass(50)
    expect(outcome.told).toBe('in force')
  })

  test('not while a server has applied it in another epoch only', async () => {
    const { wait, timing, announce } = aBarrier({})
    announce('a', 9, 'another')
    const outcome = wait()
    await timing.pass(500)
    expect(outcome.told).toBeUndefined()
  })

  test('without a silent server when its lease and the margin are over, not before', async () => {
    const { wait, timing, store } = aBarrier({ silent: 4 })
    const outcome = wait()
    await timing.pass(LEASE_MS + MARGIN_MS)
    expect(outcome.told).toBeUndefined()
    // The next question is the first that was asked after it.
    const before = store.asked.length
    await timing.pass(50)
    expect(outcome.told).toBe('in force')
    expect(store.asked.length).toBe(before + 1)
  })

  test('to the millisecond: a lease and a margin later is not later than that', async () => {
    const { wait, timing } = aBarrier({ silent: 4 })
    const outcome = wait()
    // Asked more and more seldom, after a quarter of a second every 50 ms.
    await timing.pass(2_488)
    timing.setMonotonic(LEASE_MS + MARGIN_MS - 2_538)
    await timing.pass(50)
    expect(outcome.told).toBeUndefined()
    timing.setMonotonic(-49)
    await timing.pass(50)
    expect(outcome.told).toBe('in force')
  })

  test('and the store is asked often at first, then every 50 ms', async () => {
    const { wait, timing, store } = aBarrier({ silent: 4 })
    wait()
    const atMs: number[] = []
    for (let ms = 0; ms <= 340; ms += 1) {
      const before = store.asked.length
      await timing.pass(ms === 0 ? 0 : 1)
      if (store.asked.length > before || ms === 0) atMs.push(ms)
    }
    const everyTwenty = Array.from({ length: 10 }, (_, index) => 58 + 20 * index)
    expect(atMs).toEqual([0, 3, 8, 18, 28, 38, ...everyTwenty, 288, 338])
  })
})

describe('an answer proves nothing', () => {
  test.each([
    ['of another epoch', 5, 'another'],
    ['of a head before the revocation', 6, 'one'],
  ])('%s: the change is stored, and no more can be told', async (_name, revision, epoch) => {
    const { wait } = aBarrier({})
    const outcome = wait(revision, epoch)
    await settled()
    expect(outcome.told).toBeInstanceOf(AppError)
    expect(outcome.told).toMatchObject(UNPROVEN)
  })

  test.each([
    ['by the monotonic clock', 'setMonotonic'],
    ['by the wall clock', 'setWall'],
  ] as const)('that came when a lease was over, %s: it is asked again', async (_name, clock) => {
    const { wait, timing, store } = aBarrier({})
    const held = store.hold('survey')
    const outcome = wait()
    await settled()
    timing[clock](LEASE_MS + 1)
    held.letGo()
    await settled()
    expect(outcome.told).toBeUndefined()
    await timing.pass(10)
    expect(outcome.told).toBe('in force')
    expect(store.asked).toEqual(['survey', 'survey'])
  })

  test('of a store that is not accepted: it is asked until it is', async () => {
    const { wait, timing, store } = aBarrier({})
    store.head.isAccepted = false
    const outcome = wait()
    await timing.pass(1_000)
    expect(outcome.told).toBeUndefined()
    store.head.isAccepted = true
    await timing.pass(50)
    expect(outcome.told).toBe('in force')
  })
})

describe('a store that does not answer', () => {
  test('is asked again after 400 ms', async () => {
    const { wait, timing, store } = aBarrier({})
    store.hold('survey')
    const outcome = wait()
    await timing.pass(402)
    expect(store.asked).toEqual(['survey'])
    await timing.pass(1)
    expect(store.asked).toEqual(['survey', 'survey'])
    expect(outcome.told).toBeUndefined()
  })

  test('is given up after five seconds, with the reason for the log', async () => {
    const { wait, timing, store } = aBarrier({})
    const refusal = new Error('connection refused')
    store.followed.survey = () => Promise.reject(refusal)
    const outcome = wait()
    await timing.pass(5_000)
    expect(outcome.told).toBeUndefined()
    await timing.pass(50)
    expect(outcome.told).toMatchObject({ ...UNPROVEN, cause: refusal })
  })

  test('is not given up when it answers again', async () => {
    const { wait, timing, store } = aBarrier({ a: 4 })
    const { survey } = store.followed
    store.followed.survey = () => Promise.reject(new Error('connection refused'))
    const outcome = wait()
    await timing.pass(4_990)
    store.followed.survey = survey
    await timing.pass(60)
    expect(outcome.told).toBe('in force')
  })
})

test('whoever comes while the store is being asked shares the next question, not that one', async () => {
  const { wait, store } = aBarrier({})
  const held = store.hold('survey')
  const outcomes = [wait(), wait(), wait()]
  await settled()
  expect(store.asked).toEqual(['survey'])
  held.letGo()
  await settled()
  expect(store.asked).toEqual(['survey', 'survey'])
  expect(outcomes.map(({ told }) => told)).toEqual(['in force', 'in force', 'in force'])
  wait()
  await settled()
  expect(store.asked).toHaveLength(3)
})

test('a question that fails fails nobody who asks later', async () => {
  const { wait, timing, store } = aBarrier({})
  const held = store.hold('survey')
  const [first, second] = [wait(), wait()]
  await settled()
  held.letGo(new Error('connection refused'))
  await settled()
  expect([first.told, second.told]).toEqual([undefined, 'in force'])
  await timing.pass(10)
  expect(first.told).toBe('in force')
})

test('a row that is first seen when the wait is over belongs to no dead server yet', async () => {
  const timing = createFakeTiming()
  const store = createFakeStore()
  store.head.revision = 5
  store.servers.set('a', { id: 'a', epoch: 'one', applied: 4, beat: 'a beat' })
  const dead: string[] = []
  let isSilent = true
  const settle = createBarrier({
    followed: { survey: () => (isSilent ? Promise.reject(new Error('no answer')) : store.followed.survey()) },
    lease: { expect: () => () => true },
    timing,
    onDead: (id) => void dead.push(id),
  })
  const settling = settle({ revision: 5, epoch: 'one' })
  await timing.pass(LEASE_MS + MARGIN_MS + 1)
  isSilent = false
  await timing.pass(LEASE_MS + MARGIN_MS)
  expect(dead).toEqual([])
  await timing.pass(200)
  await settling
  expect(dead).toEqual(['a'])
})

test('of the rows that are there only those that have not moved are dead servers', async () => {
  const timing = createFakeTiming()
  const store = createFakeStore()
  store.head.revision = 5
  const announce = (id: string, beat: string) => store.servers.set(id, { id, epoch: 'one', applied: 4, beat })
  for (const id of ['living', 'dead', 'frozen']) announce(id, 'a beat')
  const dead: string[] = []
  const settle = createBarrier({
    followed: store.followed,
    lease: { expect: () => () => true },
    timing,
    onDead: (id, beat) => void dead.push(`${id}, ${beat}`),
  })
  const settling = settle({ revision: 5, epoch: 'one' })
  await timing.pass(LEASE_MS)
  announce('living', 'another')
  await timing.pass(MARGIN_MS + 200)
  await settling
  expect(dead).toEqual(['dead, a beat', 'frozen, a beat'])
})
