import type { RevocationScope } from '@latchkey/core/revocation-scope'
import { momentOf } from '@latchkey/core/timing'
import { describe, expect, test } from 'vitest'
import type { Head, Observation } from '../../src/storage/engine.ts'
import { createLease } from '../../src/verification/freshness/lease.ts'
import { createFakeTiming } from './fake-timing.ts'

const LEASE_MS = 2_000
const aHead = (changes: Partial<Head> = {}): Head => ({
  revision: 7,
  epoch: 'one',
  isAccepted: true,
  ...changes,
})

/** What is seen at a head; the log after `after`, up to it. */
function seenAt(changes: Partial<Head> = {}, after = 7): Observation {
  const head = aHead(changes)
  const revisions = Array.from({ length: Math.max(0, head.revision - after) }, (_, n) => after + 1 + n)
  return {
    ...head,
    rows: revisions.map((revision) => ({ revision, scope: 'key', object_id: `key_${revision}` })),
    servers: [],
    leaseMs: LEASE_MS,
    marginMs: 500,
  }
}

/** A lease, and what its memory was told to forget. */
function aLease() {
  const timing = createFakeTiming()
  const forgotten: string[] = []
  const memory = {
    drop: (...revoked: readonly RevocationScope[]) =>
      void forgotten.push(...revoked.map(({ scope, id }) => `${scope} ${id}`)),
    clear: () => void forgotten.push('everything'),
  }
  return { lease: createLease(memory, timing), timing, forgotten }
}

/** The same, at revision 7 of the epoch 'one'. */
function aHeldLease() {
  const given = aLease()
  given.lease.apply(momentOf(given.timing), seenAt())
  given.forgotten.length = 0
  return given
}

describe('memory may answer', () => {
  test('not before the first look', () => {
    const { lease } = aLease()
    expect(lease.isFresh()).toBe(false)
    expect({ epoch: lease.epoch, applied: lease.applied, refused: lease.refused }).toEqual({
      epoch: undefined,
      applied: -1,
      refused: undefined,
    })
  })

  test.each([
    [0, true],
    [LEASE_MS, true],
    [LEASE_MS + 1, false],
  ])('%i ms after the question, not after its answer: %s', (ms, isFresh) => {
    const { lease, timing } = aLease()
    const sent = momentOf(timing)
    timing.setMonotonic(ms)
    timing.setWall(ms)
    lease.apply(sent, seenAt())
    expect(lease.isFresh()).toBe(isFresh)
  })

  test.each([
    ['the machine was suspended', 'setWall', LEASE_MS + 1],
    ['the wall clock was set back', 'setWall', -1],
    ['the wall clock stands still', 'setMonotonic', LEASE_MS + 1],
  ] as const)('not when %s', (_name, clock, byMs) => {
    const { lease, timing } = aHeldLease()
    expect(lease.isFresh()).toBe(true)
    timing[clock](byMs)
    expect(lease.isFresh()).toBe(false)
  })

  test('for as long as the store says', () => {
    const { lease, timing } = aLease()
    lease.apply(momentOf(timing), { ...seenAt(), leaseMs: 10 })
    timing.setMonotonic(10)
    timing.setWall(10)
    expect(lease.isFresh()).toBe(true)
    timing.setWall(1)
    expect(lease.isFresh()).toBe(false)
  })
})

describe('memory forgets', () => {
  test('what the log names, when none is missing', () => {
    const { lease, timing, forgotten } = aHeldLease()
    lease.apply(momentOf(timing), {
      ...seenAt({ revision: 9 }),
      rows: [
        { revision: 8, scope: 'user', object_id: 'usr_1' },
        { revision: 9, scope: 'company', object_id: 'cmp_1' },
      ],
    })
    expect(forgotten).toEqual(['user usr_1', 'company cmp_1'])
    expect({ epoch: lease.epoch, applied: lease.applied }).toEqual({ epoch: 'one', applied: 9 })
    expect(lease.isFresh()).toBe(true)
  })

  test('all that one look names in one call, and is not called for nothing', () => {
    const timing = createFakeTiming()
    const calls: number[] = []
    const drop = (...revoked: readonly RevocationScope[]) => void calls.push(revoked.length)
    const lease = createLease({ drop, clear: () => {} }, timing)
    const looks = [seenAt(), seenAt({ revision: 10 }), seenAt({ revision: 10 }, 10)]
    for (const seen of looks) lease.apply(momentOf(timing), seen)
    expect(calls).toEqual([3])
  })

  test('nothing when nothing changed', () => {
    const { lease, timing, forgotten } = aHeldLease()
    lease.apply(momentOf(timing), seenAt())
    expect(forgotten).toEqual([])
  })

  test.each([
    ['at the first look', undefined],
    ['when a row is missing at the end', [8, 9]],
    ['when a row is missing at the beginning', [9, 10]],
    ['when a row stands twice', [8, 8, 10]],
    ['when rows are out of order', [9, 8, 10]],
    ['when there are none', []],
    ['when there are more', [8, 9, 10, 11]],
  ])('everything %s', (_name, revisions) => {
    const { lease, timing, forgotten } = revisions === undefined ? aLease() : aHeldLease()
    const rows = (revisions ?? [8, 9, 10]).map((revision) => ({
      revision,
      scope: 'key' as const,
      object_id: 'key_1',
    }))
    lease.apply(momentOf(timing), { ...seenAt({ revision: 10 }), rows })
    expect(forgotten).toEqual(['everything'])
    expect(lease.applied).toBe(10)
    expect(lease.isFresh()).toBe(true)
  })

  test('everything in a new epoch, whatever its log says', () => {
    const { lease, timing, forgotten } = aHeldLease()
    lease.apply(momentOf(timing), seenAt({ epoch: 'two', revision: 9 }))
    expect(forgotten).toEqual(['everything'])
    expect({ epoch: lease.epoch, applied: lease.applied }).toEqual({ epoch: 'two', applied: 9 })
  })
})

describe('a store that is not, or no longer, ours', () => {
  test.each([
    ['that was not accepted', { isAccepted: false }],
    ['whose head went back', { revision: 6 }],
  ])('%s: memory gives up, and what was seen is told', (_name, changes) => {
    const { lease, timing, forgotten } = aHeldLease()
    lease.apply(momentOf(timing), seenAt(changes))
    expect(lease.isFresh()).toBe(false)
    expect(forgotten).toEqual(['everything'])
    expect(lease.refused).toEqual({ known: 7, found: aHead(changes).revision })
    expect(lease.applied).toBe(7)
  })

  test('is refused for good in the epoch in which its head went back', () => {
    const { lease, timing } = aHeldLease()
    lease.apply(momentOf(timing), seenAt({ revision: 6 }))
    lease.apply(momentOf(timing), seenAt({ revision: 99 }))
    expect(lease.isFresh()).toBe(false)
    expect(lease.refused).toEqual({ known: 7, found: 99 })
    lease.apply(momentOf(timing), seenAt({ epoch: 'two', revision: 3 }))
    expect({ isFresh: lease.isFresh(), refused: lease.refused }).toEqual({
      isFresh: true,
      refused: undefined,
    })
  })

  test('may begin with a lower number in a new epoch', () => {
    const { lease, timing } = aHeldLease()
    lease.apply(momentOf(timing), seenAt({ epoch: 'two', revision: 1 }))
    expect(lease.isFresh()).toBe(true)
    expect(lease.refused).toBeUndefined()
  })
})

describe('a head that another question saw', () => {
  test.each([
    ['the same', {}, true],
    ['a later one', { revision: 8 }, true],
    ['one before what was known', { revision: 6 }, false],
    ['one of another epoch', { epoch: 'two' }, false],
    ['one of another epoch with a lower number', { epoch: 'two', revision: 1 }, false],
    ['one that is not accepted', { isAccepted: false }, false],
  ])(
    '%s may count: it is held against what was known when the question was asked',
    (_name, changes, counts) => {
      const { lease } = aHeldLease()
      expect(lease.expect()(aHead(changes))).toBe(counts)
    },
  )

  test('any counts before the first look, if it is accepted', () => {
    const { lease } = aLease()
    expect(lease.expect()(aHead({ revision: 0, epoch: 'two' }))).toBe(true)
    expect(lease.expect()(aHead({ isAccepted: false }))).toBe(false)
  })

  test('may count though a later question was answered first', () => {
    const { lease, timing } = aHeldLease()
    const isExpected = lease.expect()
    lease.apply(momentOf(timing), seenAt({ revision: 9 }))
    expect(isExpected(aHead({ revision: 8 }))).toBe(true)
    expect(lease.expect()(aHead({ revision: 8 }))).toBe(false)
  })

  test('tells the lease when it went back: nothing in that epoch counts any more', () => {
    const { lease, timing } = aHeldLease()
    expect(lease.expect()(aHead({ revision: 6 }))).toBe(false)
    expect(lease.expect()(aHead({ revision: 99 }))).toBe(false)
    lease.apply(momentOf(timing), seenAt({ revision: 99 }))
    expect(lease.isFresh()).toBe(false)
    expect(lease.refused).toEqual({ known: 7, found: 99 })
  })

  test('with a lower number in another epoch takes nothing from the epoch that is known', () => {
    const { lease, timing } = aHeldLease()
    expect(lease.expect()(aHead({ epoch: 'two', revision: 1 }))).toBe(false)
    expect(lease.expect()(aHead())).toBe(true)
    lease.apply(momentOf(timing), seenAt({ epoch: 'two', revision: 1 }))
    expect(lease.isFresh()).toBe(true)
  })
})

test('who has resigned never answers from memory again', () => {
  const { lease, timing, forgotten } = aHeldLease()
  lease.resign()
  expect(lease.isFresh()).toBe(false)
  expect(forgotten).toEqual(['everything'])
  lease.apply(momentOf(timing), seenAt({ revision: 8 }))
  expect(lease.isFresh()).toBe(false)
  expect(lease.applied).toBe(7)
})

test.each([
  ['nobody else is there', [], true],
  ['each server says what its verifiers have not heard', [{}, { '*': 7 }], true],
  ['one of two is of a release before verifiers', [{}, undefined], false],
  ['one of two says nothing of them', [null, {}], false],
] as const)('whether verifiers may be lent to, when %s', (_what, unknowns, isLendable) => {
  const { lease, timing } = aLease()
  const servers = unknowns.map((unknown, index) => {
    const server = { id: `server ${index}`, epoch: 'one', applied: 7, beat: '1' }
    return unknown === undefined ? server : { ...server, unknown }
  })
  lease.apply(momentOf(timing), { ...seenAt(), servers })
  expect(lease.proof?.isLendable).toBe(isLendable)
})
