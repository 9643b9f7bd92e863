/** In which order those that wait get their turn. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createFairQueue, type Turn } from './fair-queue.ts'

const ROOMY = { waitingMax: 1_000, waitingOfPartyMax: 1_000 }

/** `A1` is the first of company A; `!A1` is urgent. */
function turnOf(name: string): Turn {
  return { party: name.replace(/\W|\d/g, ''), isUrgent: name.startsWith('!') }
}

function queueOf(names: readonly string[], bounds = ROOMY) {
  const queue = createFairQueue<string>(bounds)
  const refused = names.filter((name) => !queue.push(turnOf(name), name))
  return { queue, refused }
}

function takeAll(queue: ReturnType<typeof createFairQueue<string>>, mayCome?: (name: string) => boolean) {
  const taken: string[] = []
  for (let next = queue.take(mayCome); next !== undefined; next = queue.take(mayCome)) taken.push(next)
  return taken
}

test.each([
  ['one company keeps its order', 'A1 A2 A3', 'A1 A2 A3'],
  ['companies take turns, however many wait of one', 'A1 A2 A3 A4 B1 C1', 'A1 B1 C1 A2 A3 A4'],
  ['what comes later of a busy company waits for the others', 'A1 B1 A2 B2 C1', 'A1 B1 C1 A2 B2'],
  ['revocations come first, and others in between', 'A1 A2 B1 !C1 !C2 !C3', '!C1 A1 !C2 B1 !C3 A2'],
  ['revocations take turns, too', '!A1 !A2 !A3 !B1', '!A1 !B1 !A2 !A3'],
  ['a revocation of a busy company passes its own line', 'A1 A2 A3 !A4', '!A4 A1 A2 A3'],
])('%s', (_what, pushed, taken) => {
  const { queue } = queueOf(pushed.split(' '))
  expect(takeAll(queue).join(' ')).toBe(taken)
  expect(queue.size).toBe(0)
})

test('who may not come yet keeps its place, and holds up nobody', () => {
  const { queue } = queueOf(['A1', 'A2', 'B1', '!A3'])
  expect(takeAll(queue, (name) => turnOf(name).party !== 'A')).toEqual(['B1'])
  expect(takeAll(queue)).toEqual(['!A3', 'A1', 'A2'])
})

test('who gave up is not called, and the others move up', () => {
  const { queue } = queueOf(['A1', 'A2', '!B1', 'C1'])
  for (const name of ['A1', '!B1', 'C1', 'never there']) queue.drop(turnOf(name), name)
  expect([queue.size, takeAll(queue)]).toEqual([1, ['A2']])
})

test('one company cannot fill the line, the line has an end, and what is urgent has a line of its own', () => {
  const names = ['A1', 'A2', 'A3', 'B1', 'B2', 'C1', '!A4', '!A5', '!A6', '!B3', '!B4', '!C2']
  const { queue, refused } = queueOf(names, { waitingMax: 4, waitingOfPartyMax: 2 })
  expect(refused).toEqual(['A3', 'C1', '!A6', '!C2'])
  expect(takeAll(queue)).toEqual(['!A4', 'A1', '!B3', 'B1', '!A5', 'A2', '!B4', 'B2'])
})

test('what was dropped leaves its place to the next', () => {
  const { queue } = queueOf(['!A1', 'A2'], { waitingMax: 1, waitingOfPartyMax: 1 })
  expect([queue.push(turnOf('!B1'), '!B1'), queue.push(turnOf('B2'), 'B2')]).toEqual([false, false])
  for (const name of ['!A1', 'A2']) queue.drop(turnOf(name), name)
  expect([queue.push(turnOf('!B1'), '!B1'), queue.push(turnOf('B2'), 'B2')]).toEqual([true, true])
  expect(takeAll(queue)).toEqual(['!B1', 'B2'])
})

describe('nobody starves', () => {
  const name = fc
    .tuple(fc.constantFrom('', '!'), fc.constantFrom(...'ABCDE'))
    .map(([sign, party]) => sign + party)

  test('whoever waits is passed once by each other company, and by a revocation between two of these, whoever comes meanwhile', () => {
    fc.assert(
      fc.property(fc.array(name, { maxLength: 40 }), fc.infiniteStream(name), (first, later) => {
        const queue = createFairQueue<string>(ROOMY)
        for (const [index, one] of first.entries()) queue.push(turnOf(one), `${one}${index}`)
        queue.push({ party: 'me' }, 'me')
        const passed = new Map<string, number>()
        for (let next = queue.take(); next !== 'me'; next = queue.take()) {
          const { party, isUrgent } = turnOf(next!)
          const who = `${party}${isUrgent}`
          passed.set(who, (passed.get(who) ?? 0) + 1)
          // Whoever was served asks again at once, and somebody else besides.
          for (const one of [next!.replace(/\d/g, ''), later.next().value]) queue.push(turnOf(one), one)
        }
        const others = ['A', 'B', 'C', 'D', 'E'].map((party) => passed.get(`${party}false`) ?? 0)
        const urgent = [...passed].filter(([who]) => who.endsWith('true')).map(([, count]) => count)
        expect(Math.max(...others)).toBeLessThanOrEqual(1)
        // One between two of the others, and one before the first.
        expect(urgent.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(
          others.reduce((sum, count) => sum + count, 0) + 1,
        )
      }),
      { numRuns: 500 },
    )
  })
})
