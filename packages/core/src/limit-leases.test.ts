import { describe, expect, test } from 'vitest'
import { cellOf, type Limit, type Span } from './limit.ts'
import type { Want } from './limit-account.ts'
import { createLimitLeases } from './limit-leases.ts'

const NOW_MS = Date.UTC(2026, 10, 20, 12, 0, 0)
const named = (name: string): Limit => ({ name, max: 1_000, span: 86_400 })

test('of limits under ever new names the last fifty are at hand, and the others are given back', () => {
  const leases = createLimitLeases<number>(() => 0)
  const take = (limit: Limit) => {
    const count = { span: limit.span, cell: Math.floor(NOW_MS / 86_400_000), previous: 0, current: 8 }
    const want = { limit, needed: 0, least: 0, block: 8, held: 0 }
    leases.take([want], { atMs: NOW_MS, grants: [{ name: limit.name, units: 8, count }] }, 0, 0)
  }
  for (let n = 0; n < 50; n++) take(named(`n${n}`))
  expect(leases.giveUp(() => false, 0)).toEqual([])
  take(named('n0'))
  take(named('one more'))
  take(named('and another'))
  expect(leases.giveUp(() => false, 0).map(({ name, units }) => [name, units])).toEqual([
    ['n1', 8],
    ['n2', 8],
  ])
  expect(leases.giveUp(() => false, 0)).toEqual([])
  const at = (name: string) => leases.look(named(name), 1, 0)?.freeInMs
  expect([at('n1'), at('n2'), at('n3'), at('n0'), at('and another')]).toEqual([undefined, undefined, 0, 0, 0])
})

describe('what is taken', () => {
  const MINUTE: Limit = { name: 'minute', max: 100, span: 60 }
  const { index, endMs } = cellOf(60, NOW_MS)

  function createWorld() {
    const world = { nowMs: NOW_MS }
    const kept = createLimitLeases<number>((moment, now) => now - moment)
    const leases = {
      ...kept,
      need: (limit: Limit) => kept.need(limit, world.nowMs),
      giveUp: (isDue: (limit: Limit) => boolean) => kept.giveUp(isDue, world.nowMs),
    }
    const take = (units: number, changes: Partial<Want> = {}, span: Span = 60, current = units) => {
      const limit = { ...MINUTE, span }
      const want = { limit, needed: 0, least: 0, block: 8, held: 0, ...changes }
      const count = { span, cell: cellOf(span, world.nowMs).index, previous: 0, current }
      const answer = { atMs: world.nowMs, grants: [{ name: 'minute', units, count }] }
      leases.take([want], answer, world.nowMs, world.nowMs)
    }
    return { world, leases, take }
  }

  test('in one cell is had together, and given back together', () => {
    const { leases, take } = createWorld()
    expect(leases.need(MINUTE)).toEqual({ block: 8, atHand: 0 })
    take(5)
    take(3, {}, 60, 8)
    expect(leases.need(MINUTE)).toEqual({ block: 16, atHand: 8 })
    expect(leases.giveUp(() => true)).toEqual([{ name: 'minute', span: 60, cell: index, units: 8 }])
    expect(leases.need(MINUTE).atHand).toBe(0)
    expect(leases.giveUp(() => true)).toEqual([])
  })

  test.each<[string, Span, number]>([
    ['another cell', 60, 60_000],
    ['another window, whose cell has the same number', 61, 0],
  ])('after what was taken in %s leaves that to be given back', (_what, span, laterMs) => {
    const { world, leases, take } = createWorld()
    // Cells of two windows have one number at the epoch only.
    if (laterMs === 0) world.nowMs = 5_000
    const cell = cellOf(60, world.nowMs).index
    take(5)
    world.nowMs += laterMs
    take(3, {}, span)
    expect(leases.need(MINUTE).atHand).toBe(3)
    expect(leases.giveUp(() => false)).toEqual([{ name: 'minute', span: 60, cell, units: 5 }])
  })

  test('is of no use after its cell, whoever is asked for', () => {
    const { world, leases, take } = createWorld()
    take(5)
    world.nowMs = endMs - 1
    expect(leases.giveUp(() => false)).toEqual([])
    world.nowMs = endMs
    expect(leases.giveUp(() => false)).toEqual([{ name: 'minute', span: 60, cell: index, units: 5 }])
  })

  test.each([
    ['half of what was taken in advance', 10, { needed: 2 }, 4],
    ['rounded down', 9, { needed: 2 }, 3],
    ['with what was at hand before', 10, { needed: 2, held: 3 }, 5],
  ])('runs low under %s', (_what, units, want, lowAt) => {
    const { leases, take } = createWorld()
    take(units, want)
    while (leases.need(MINUTE).atHand > lowAt) leases.use([MINUTE], 1)
    expect(leases.isLow(MINUTE)).toBe(false)
    leases.use([MINUTE], 1)
    expect(leases.isLow(MINUTE)).toBe(true)
  })

  test.each([
    ['fewer than were wanted: nobody takes more in advance', 9, { needed: 10, block: 8, held: 20 }, false],
    ['nothing in advance: nor is it then', 2, { needed: 2 }, false],
    ['as many', 10, { needed: 10, block: 8, held: 20 }, true],
  ])('%s', (_what, units, want, isLow) => {
    const { leases, take } = createWorld()
    take(units, want)
    leases.use([MINUTE], units)
    expect(leases.isLow(MINUTE)).toBe(isLow)
  })
})
