import { expect, test } from 'vitest'
import { createRandomPool } from '../src/random-pool.ts'

/** Fills with bytes that tell where each came from: a number of four bytes, one more each time. */
function createSource() {
  const pools: Uint8Array[] = []
  let next = 0
  return {
    pools,
    fill(pool: Uint8Array) {
      pools.push(pool)
      const view = new DataView(pool.buffer)
      for (let at = 0; at < pool.length; at += 4) view.setUint32(at, ++next)
    },
  }
}

test('no byte is handed out twice, and what was handed out is no longer in the pool', () => {
  const { pools, fill } = createSource()
  const take = createRandomPool(fill)
  const numbers: number[] = []
  for (let n = 0; n < 3_000; n++) {
    const bytes = take(4)
    const number = new DataView(bytes.buffer).getUint32(0)
    numbers.push(number)
    const { buffer, length } = pools[0]!
    const left = new DataView(buffer)
    for (let at = 0; at < length; at += 4)
      if (left.getUint32(at) === number) throw new Error('it is still there')
  }
  expect(new Set(numbers).size).toBe(3_000)
  expect(numbers).not.toContain(0)
})

test('bytes are the caller’s own: what it does to them changes no others', () => {
  const take = createRandomPool(createSource().fill)
  const first = take(16)
  const second = take(16)
  const before = [...second]
  first.fill(255)
  expect([...second]).toEqual(before)
})

test.each([0, 1, 10, 43, 64, 65, 5_000])('%i bytes are as many', (size) => {
  const take = createRandomPool()
  for (let n = 0; n < 200; n++) expect(take(size)).toHaveLength(size)
})

test('bytes of every size are random: each bit is set about half the time', () => {
  const take = createRandomPool()
  for (const size of [16, 64, 100]) {
    let set = 0
    for (let n = 0; n < 2_000; n++)
      for (const byte of take(size)) set += byte.toString(2).replaceAll('0', '').length
    const bits = 2_000 * size * 8
    // Eight standard deviations: a fair source misses it once in 10^15 runs.
    expect(Math.abs(set - bits / 2)).toBeLessThan(8 * Math.sqrt(bits / 4))
  }
})
