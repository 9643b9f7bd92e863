import { expect, test } from 'vitest'
import type { Limit } from './limit.ts'
import { createLimitLeases } from './limit-leases.ts'

const NOW_MS = Date.UTC(2026, 10, 20, 12, 0, 0)
const named = (name: string): Limit => ({ name, max: 1_000, span: 86_400 })

test('of limits under ever new names the last fifty are at hand, and the others are given back', () => {
  const leases = createLimitLeases(() => 0)
  const take = (limit: Limit) => {
    const count = { span: limit.span, cell: Math.floor(NOW_MS / 86_400_000), previous: 0, current: 8 }
    const want = { limit, needed: 0, least: 0, block: 8, held: 0 }
    leases.take([want], { atMs: NOW_MS, grants: [{ name: limit.name, units: 8, count }] }, 0)
  }
  for (let n = 0; n < 50; n++) take(named(`n${n}`))
  expect(leases.giveUp(() => false)).toEqual([])
  take(named('n0'))
  take(named('one more'))
  take(named('and another'))
  expect(leases.giveUp(() => false).map(({ name, units }) => [name, units])).toEqual([
    ['n1', 8],
    ['n2', 8],
  ])
  expect(leases.giveUp(() => false)).toEqual([])
  const at = (name: string) => leases.look(named(name), 1)?.freeInMs
  expect([at('n1'), at('n2'), at('n3'), at('n0'), at('and another')]).toEqual([undefined, undefined, 0, 0, 0])
})
