/** Long work gets its turns: little in each turn of the event loop, and by lanes. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { createTurns } from '../../src/http/admission/turns.ts'

/** A clock that a test moves on. */
function createClock() {
  let nowMs = 0
  return {
    monotonicMs: () => nowMs,
    /** What a piece of work does to it. */
    pass(ms: number) {
      nowMs += ms
    },
  }
}

/** Counts turns of the event loop. */
function countTurns() {
  let turns = 0
  let isCounting = true
  const count = () => {
    turns += 1
    if (isCounting) setImmediate(count)
  }
  setImmediate(count)
  return {
    get turns() {
      return turns
    },
    stop() {
      isCounting = false
    },
  }
}

describe('in one turn of the event loop', () => {
  test.each([
    ['pieces that take their time', 1, 20, 20],
    ['pieces of a fifth of a turn', 0.05, 20, 4],
    ['pieces that take no time', 0, 64, 4],
  ])('%s: no more than fit in', async (_, ms, pieces, turnsMin) => {
    const clock = createClock()
    const turns = createTurns(clock.monotonicMs)
    const counter = countTurns()
    const inTurn = await Promise.all(
      Array.from({ length: pieces }, () =>
        turns.take('a').then(() => {
          clock.pass(ms)
          return counter.turns
        }),
      ),
    )
    counter.stop()
    expect(new Set(inTurn).size).toBeGreaterThanOrEqual(turnsMin)
    expect(new Set(inTurn).size).toBeLessThanOrEqual(turnsMin + 1)
  })

  test('whoever comes meanwhile is served before the next piece', async () => {
    const clock = createClock()
    const turns = createTurns(clock.monotonicMs)
    const order: string[] = []
    const piece = (name: string) =>
      turns.take('a').then(() => {
        clock.pass(1)
        order.push(name)
        if (name === 'first') setImmediate(() => order.push('somebody else'))
      })
    await Promise.all([piece('first'), piece('second'), piece('third')])
    expect(order).toEqual(['first', 'second', 'somebody else', 'third'].toSorted(bySeen(order)))
    expect(order.indexOf('somebody else')).toBeLessThan(order.indexOf('third'))
  })
})

const bySeen = (order: readonly string[]) => (one: string, other: string) =>
  order.indexOf(one) - order.indexOf(other)

describe('lanes', () => {
  /** The order in which pieces of these lanes come, waiting in the order given. */
  async function orderOf(lanes: readonly string[]): Promise<string[]> {
    const turns = createTurns(() => 0)
    const order: string[] = []
    await Promise.all(lanes.map((lane) => turns.take(lane).then(() => order.push(lane))))
    return order
  }

  test('one piece of a lane comes after one of another, however many wait there', async () => {
    const order = await orderOf([...Array<string>(500).fill('flood'), 'quiet'])
    expect(order.indexOf('quiet')).toBe(1)
  })

  test('three of them take turns', async () => {
    expect(await orderOf(['a', 'a', 'a', 'b', 'b', 'c'])).toEqual(['a', 'b', 'c', 'a', 'b', 'a'])
  })

  test('a lane that comes back is behind those that wait', async () => {
    const turns = createTurns(() => 0)
    const order: string[] = []
    const again = async (lane: string, pieces: number) => {
      for (let piece = 0; piece < pieces; piece++) {
        await turns.take(lane)
        order.push(lane)
      }
    }
    await Promise.all([again('a', 4), again('b', 2), again('c', 1)])
    expect(order.slice(0, 3)).toEqual(['a', 'b', 'c'])
    expect(order.slice(3, 5).toSorted()).toEqual(['a', 'b'])
  })

  test('one that is full takes nobody more, and the others do', async () => {
    const turns = createTurns(() => 0)
    const taken = Array.from({ length: 2_000 }, () => turns.take('flood'))
    await expect(turns.take('flood')).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 1 })
    await turns.take('quiet')
    await Promise.all(taken)
    await turns.take('flood')
  })

  test('all of them together are bounded too', async () => {
    const turns = createTurns(() => 0)
    const taken = Array.from({ length: 20_000 }, (_, index) => turns.take(`lane ${index % 50}`))
    await expect(turns.take('one more')).rejects.toMatchObject({ code: 'unavailable' })
    await Promise.all(taken)
    await turns.take('one more')
  })
})

describe('what may make something stop', () => {
  /** The order in which pieces come; `!` before a lane: urgent. */
  async function orderOf(pieces: readonly string[]): Promise<string[]> {
    const turns = createTurns(() => 0)
    const order: string[] = []
    await Promise.all(
      pieces.map((piece) =>
        turns.take(piece.replace('!', ''), piece.startsWith('!')).then(() => order.push(piece)),
      ),
    )
    return order
  }

  test.each([
    ['in the lane of a flood', [...Array<string>(500).fill('flood'), '!flood'], '!flood'],
    [
      'beside fifty floods',
      Array.from({ length: 500 }, (_, n) => `lane ${n % 50}`).concat('!quiet'),
      '!quiet',
    ],
    ['beside a flood of its own kind', [...Array<string>(500).fill('!flood'), '!quiet'], '!quiet'],
  ])('comes first: %s', async (_, pieces, urgent) => {
    const before = pieces[0] === '!flood' ? 2 : 0
    expect((await orderOf(pieces)).indexOf(urgent)).toBeLessThanOrEqual(before)
  })

  test('does not keep the others out', async () => {
    const order = await orderOf([...Array<string>(500).fill('!flood'), 'quiet'])
    expect(order.indexOf('quiet')).toBe(1)
  })

  test('is taken where no more of the others are', async () => {
    const turns = createTurns(() => 0)
    const taken = Array.from({ length: 20_000 }, (_, index) => turns.take(`lane ${index % 50}`))
    await expect(turns.take('lane 1')).rejects.toMatchObject({ code: 'unavailable' })
    await turns.take('lane 1', true)
    await Promise.all(taken)
  })
})

test('whoever comes after a turn in which nobody waited has its own', async () => {
  const turns = createTurns(() => 0)
  await turns.take('a')
  expect(turns.isWaited()).toBe(false)
  await nextTurn()
  const taken = turns.take('a')
  expect(turns.isWaited()).toBe(true)
  await taken
  expect(turns.isWaited()).toBe(false)
})

describe('what is shared', () => {
  test('is done at once until a turn of the event loop has had enough of it, and the rest by lanes', async () => {
    const clock = createClock()
    const turns = createTurns(clock.monotonicMs)
    const counter = countTurns()
    const order: string[] = []
    const piece = async (name: string, lane: string) => {
      await turns.share(lane)
      clock.pass(0.2)
      order.push(`${name} ${counter.turns}`)
    }
    const pieces = ['a1', 'a2', 'a3', 'a4', 'b1'].map((name) => () => piece(name, name.slice(0, 1)))
    // As writes that are done together go on: one after the other, in one turn.
    const all: Promise<void>[] = []
    for (const each of pieces) {
      all.push(each())
      await Promise.resolve()
    }
    await Promise.all(all)
    counter.stop()
    expect(order.map((each) => each.slice(0, 2))).toEqual(['a1', 'a2', 'a3', 'b1', 'a4'])
    expect(order.slice(0, 2)).toEqual(['a1 0', 'a2 0'])
    expect(Number(order.at(-1)?.slice(3))).toBeGreaterThan(0)
    expect(turns.share('a')).toBeUndefined()
  })

  test('is done out of turn where too many wait: it cannot be refused any more', async () => {
    const clock = createClock()
    const turns = createTurns(clock.monotonicMs)
    const taken = Array.from({ length: 2_000 }, () => turns.take('flood'))
    turns.share('flood')
    clock.pass(1)
    await expect(turns.share('flood')).resolves.toBeUndefined()
    await Promise.all(taken)
  })
})

test('says whether anybody waits', async () => {
  const { take, isWaited } = createTurns()
  expect(isWaited()).toBe(false)
  const taken = [take('one'), take('one')]
  expect(isWaited()).toBe(true)
  await Promise.all(taken)
  expect(isWaited()).toBe(false)
})
