import type { CompanyId } from '@latchkey/core/ids'
import { describe, expect, test } from 'vitest'
import { type Checkpoint, shortHead } from './checkpoint.ts'
import { createSightings, type Sighted } from './sightings.ts'

const ONE = 'cmp_1' as CompanyId
const OTHER = 'cmp_2' as CompanyId
const headOf = (byte: number) => Buffer.alloc(32, byte)
const saw = (count: number, byte = count) => ({ count, head: shortHead(headOf(byte)) })

/** What was seen at `at`: the list, and some chains. */
const checkpoint = (
  at: string,
  list: ReturnType<typeof saw>,
  chains: Readonly<Record<CompanyId, ReturnType<typeof saw>>> = {},
): Checkpoint => ({
  at,
  list,
  chains: Object.entries(chains).map(([companyId, seen]) => ({ companyId: companyId as CompanyId, ...seen })),
})

/** A chain of ONE that was seen so, in this order. */
function seenAs(...seen: readonly (readonly [at: string, count: number, byte?: number])[]): Sighted {
  const sightings = createSightings()
  for (const [at, count, byte] of seen) sightings.add(checkpoint(at, saw(0), { [ONE]: saw(count, byte) }))
  return sightings.chain(ONE)
}

describe('a chain is held against what was seen of it', () => {
  test('where it is the same, at its end and on the way, nothing differs', () => {
    const seen = seenAs(['t1', 2], ['t2', 2], ['t3', 4])
    for (const count of [0, 1, 2, 3, 4, 5]) expect(seen.differs(count, headOf(count))).toBeUndefined()
    expect(seen.ends(4)).toBeUndefined()
    expect(seen.ends(5)).toBeUndefined()
  })

  test('where it is another, the checkpoint is named', () => {
    const seen = seenAs(['t1', 2, 99], ['t2', 4])
    expect(seen.differs(1, headOf(1))).toBeUndefined()
    expect(seen.differs(2, headOf(2))).toBe('the checkpoint of t1 saw something else there')
    expect(seen.differs(3, headOf(3))).toBeUndefined()
    expect(seen.differs(4, headOf(4))).toBeUndefined()
  })

  test('of several that saw something else in one place, the first is named, whatever the last saw', () => {
    const seen = seenAs(['t1', 2, 98], ['t2', 2, 99], ['t3', 2])
    expect(seen.differs(2, headOf(2))).toBe('the checkpoint of t1 saw something else there')
    expect(seen.differs(2, headOf(2))).toBeUndefined()
  })

  test('what was seen before the place where reading begins is passed over', () => {
    const seen = seenAs(['t1', 1, 99], ['t2', 3])
    expect(seen.differs(3, headOf(3))).toBeUndefined()
    expect(seen.differs(4, headOf(4))).toBeUndefined()
  })

  test('in whatever order the checkpoints are read', () => {
    const seen = seenAs(['t3', 4, 99], ['t1', 2, 98])
    expect(seen.differs(2, headOf(2))).toContain('t1')
    expect(seen.differs(4, headOf(4))).toContain('t3')
    expect(seenAs(['t3', 4], ['t1', 2]).ends(3)).toBe('it ends at 3, and the checkpoint of t3 saw 4')
  })

  test('one that nobody saw is not held against anything', () => {
    const seen = createSightings().chain(OTHER)
    expect(seen.differs(1, headOf(1))).toBeUndefined()
    expect(seen.ends(0)).toBeUndefined()
  })
})

test('checkpoints, chains and the list are kept apart', () => {
  const sightings = createSightings()
  expect(sightings.checkpoints()).toBe(0)
  sightings.add(checkpoint('t1', saw(1), { [ONE]: saw(3) }))
  sightings.add(checkpoint('t2', saw(2), { [ONE]: saw(4), [OTHER]: saw(7) }))
  expect(sightings.checkpoints()).toBe(2)
  expect([...sightings.companyIds()]).toEqual([ONE, OTHER])
  expect(sightings.list().ends(1)).toBe('it ends at 1, and the checkpoint of t2 saw 2')
  expect(sightings.list().differs(1, headOf(9))).toContain('t1')
  expect(sightings.chain(ONE).ends(3)).toBe('it ends at 3, and the checkpoint of t2 saw 4')
  expect(sightings.chain(OTHER).ends(6)).toBe('it ends at 6, and the checkpoint of t2 saw 7')
})

describe('what is kept has a bound', () => {
  /** Two places each: of the list, and of a chain. */
  const move = (n: number) => checkpoint(`t${n}`, saw(n), { [ONE]: saw(n) })

  test('beyond it, whoever asks is told to ask for less', () => {
    const sightings = createSightings(4)
    sightings.add(move(1))
    sightings.add(move(2))
    expect(() => sightings.add(move(3))).toThrow('look at a part of them')
  })

  test('a quiet chain takes no room, however often it is seen; a changed head does', () => {
    const sightings = createSightings(4)
    for (let n = 0; n < 10; n += 1) sightings.add(move(1))
    sightings.add(checkpoint('t2', saw(1, 98), { [ONE]: saw(1, 99) }))
    expect(() => sightings.add(checkpoint('t3', saw(1, 98), { [ONE]: saw(2, 99) }))).toThrow('a part')
  })
})
