import { expect, test } from 'vitest'
import { createHashQueue } from './hash-queue.ts'

/** Work that ends when it is told to. */
function createWork(order: string[]) {
  const gates = new Map<string, () => void>()
  return {
    start: (name: string) => () =>
      new Promise<void>((resolve) => {
        order.push(name)
        gates.set(name, resolve)
      }),
    end: (name: string) => gates.get(name)?.(),
  }
}
const turn = (network: string, isKnown = false) => ({ network, isKnown })
const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

test('runs two at a time; the known go before strangers, each in order', async () => {
  const [run, order] = [createHashQueue(), [] as string[]]
  const work = createWork(order)
  const ask = (name: string, isKnown: boolean) => void run(turn(name, isKnown), work.start(name))
  for (const name of ['a', 'b', 'c', 'd']) ask(name, false)
  for (const name of ['K', 'L']) ask(name, true)
  expect(order).toEqual(['a', 'b'])
  for (const name of ['a', 'b', 'K', 'L', 'c', 'd']) {
    work.end(name)
    await settle()
  }
  expect(order).toEqual(['a', 'b', 'K', 'L', 'c', 'd'])
})

test('fifty strangers may wait, and fifty who are known beside them', async () => {
  const [run, work] = [createHashQueue(), createWork([])]
  const ask = (index: number, isKnown: boolean) => {
    const asked = run(turn(`${isKnown} ${index}`, isKnown), work.start(`${isKnown} ${index}`))
    return asked.then(
      () => 'done',
      (error: { code: string }) => error.code,
    )
  }
  const strangers = Array.from({ length: 53 }, (_, index) => ask(index, false))
  expect(await strangers[52]).toBe('unavailable')
  const known = Array.from({ length: 51 }, (_, index) => ask(index, true))
  expect(await known[50]).toBe('unavailable')
})

test('ten of one network may wait', async () => {
  const [run, work] = [createHashQueue(), createWork([])]
  const asked = Array.from({ length: 13 }, (_, index) => run(turn('4:1'), work.start(`${index}`)))
  await expect(asked[12]).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 2 })
  const other = run(turn('4:2'), work.start('other'))
  expect(await Promise.race([other.catch(() => 'refused'), settle().then(() => 'waits')])).toBe('waits')
})

test('goes on after work that failed', async () => {
  const run = createHashQueue()
  const fail = () => run(turn('4:1'), () => Promise.reject(new Error('no memory')))
  await expect(Promise.all([fail(), fail(), fail()])).rejects.toThrow('no memory')
  expect(await run(turn('4:1'), async () => 'done')).toBe('done')
})

test('runs no more at a time after it was empty, however often', async () => {
  const [run, order] = [createHashQueue(), [] as string[]]
  const work = createWork(order)
  for (const round of ['1', '2', '3']) {
    order.length = 0
    const asked = ['a', 'b', 'c'].map((name) => run(turn('4:1'), work.start(name + round)))
    expect(order).toEqual([`a${round}`, `b${round}`])
    for (const name of ['a', 'b', 'c']) {
      work.end(name + round)
      await settle()
    }
    await Promise.all(asked)
    expect(order).toEqual([`a${round}`, `b${round}`, `c${round}`])
  }
})
