import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createRandomPool } from './random.ts'

/** Bytes that tell where each came from: a number of four bytes, one more each time. */
function createSource() {
  let next = 0
  return (size: number): Uint8Array => {
    const bytes = new Uint8Array(size)
    const view = new DataView(bytes.buffer)
    for (let at = 0; at + 4 <= size; at += 4) view.setUint32(at, ++next)
    return bytes
  }
}

test('no byte is handed out twice, and none is left out', () => {
  const take = createRandomPool(createSource())
  for (let n = 1; n <= 5_000; n++) expect(new DataView(take(4).buffer).getUint32(0)).toBe(n)
})

test('what was handed out is no longer in the pool', () => {
  const pools: Uint8Array[] = []
  const take = createRandomPool((size) => {
    const pool = new Uint8Array(size).fill(7)
    pools.push(pool)
    return pool
  })
  for (let n = 1; n <= 20; n++) {
    expect([...take(10)]).toEqual(Array(10).fill(7))
    expect(pools[0]!.filter((byte) => byte === 7)).toHaveLength(4_096 - 10 * n)
  }
})

test('bytes are the caller’s own: what it does to them changes no others', () => {
  const take = createRandomPool(createSource())
  const first = take(16)
  const second = take(16)
  const before = [...second]
  first.fill(255)
  expect([...second]).toEqual(before)
})

test.each([0, 1, 10, 43, 64, 65, 5_000])('%i bytes are as many', (size) => {
  const take = createRandomPool(randomBytes)
  for (let n = 0; n < 200; n++) expect(take(size)).toHaveLength(size)
})

test('64 bytes come out of the pool of 4,096, more are fetched by themselves', () => {
  const asked: number[] = []
  const take = createRandomPool((size) => {
    asked.push(size)
    return new Uint8Array(size)
  })
  for (let n = 0; n < 64; n++) take(64)
  expect(asked).toEqual([4_096])
  take(65)
  expect(asked).toEqual([4_096, 65])
  take(1)
  expect(asked).toEqual([4_096, 65, 4_096])
})

test('bytes of every size are random: each bit is set about half the time', () => {
  const take = createRandomPool(randomBytes)
  for (const size of [16, 64, 100]) {
    let set = 0
    for (let n = 0; n < 2_000; n++)
      for (const byte of take(size)) set += byte.toString(2).replaceAll('0', '').length
    const bits = 2_000 * size * 8
    // Eight standard deviations: a fair source misses it once in 10^15 runs.
    expect(Math.abs(set - bits / 2)).toBeLessThan(8 * Math.sqrt(bits / 4))
  }
})
