import { setImmediate } from 'node:timers'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ALONE_MAX, createGroups, GROUP_MAX } from './groups.ts'

const nextTick = () => new Promise<void>((resolve) => process.nextTick(resolve))
const numbers = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index)

function gathered() {
  const groups: (readonly number[])[] = []
  const add = createGroups<number>((group) => groups.push([...group]))
  return { groups, add }
}

test('what comes in one turn is handed over together once all of it is there, in its order', async () => {
  const { groups, add } = gathered()
  for (const number of numbers(1, 3)) add(number)
  await nextTick()
  expect(groups).toEqual([])
  await nextTurn()
  expect(groups).toEqual([[1, 2, 3]])
})

test('very many are several groups, and nothing that waited before comes after the second', async () => {
  const { groups, add } = gathered()
  for (const number of numbers(1, GROUP_MAX)) add(number)
  const between = new Promise<number>((resolve) => setImmediate(() => resolve(groups.length)))
  for (const number of numbers(GROUP_MAX + 1, 2)) add(number)
  expect(await between).toBe(1)
  await nextTurn()
  expect(groups).toEqual([numbers(1, GROUP_MAX), numbers(GROUP_MAX + 1, 2)])
})

test('after one that came alone, those that follow are handed over as they come; then it is tried again', async () => {
  const { groups, add } = gathered()
  add(0)
  await nextTurn()
  for (const number of numbers(1, ALONE_MAX)) add(number)
  expect(groups).toEqual(numbers(0, ALONE_MAX + 1).map((number) => [number]))
  add(-1)
  add(-2)
  await nextTick()
  expect(groups).toHaveLength(ALONE_MAX + 1)
  await nextTurn()
  expect(groups.at(-1)).toEqual([-1, -2])
})

test('what comes while a group is handed over is of the next one', async () => {
  const groups: (readonly number[])[] = []
  const add = createGroups<number>((group) => {
    groups.push([...group])
    if (group[0] === 1) for (const number of numbers(3, 2)) add(number)
  })
  add(1)
  add(2)
  await nextTurn()
  await nextTurn()
  expect(groups).toEqual([
    [1, 2],
    [3, 4],
  ])
})

test('one that waits for nobody may be handed over in another way', async () => {
  const groups: (readonly number[])[] = []
  const alone: number[] = []
  const add = createGroups<number>(
    (group) => groups.push([...group]),
    (number) => alone.push(number),
  )
  add(1)
  await nextTurn()
  add(2)
  expect([groups, alone]).toEqual([[[1]], [2]])
})
