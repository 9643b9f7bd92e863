/** A long answer is made in pieces that leave others their turns, and held for its reader within bounds. */
import { describe, expect, test } from 'vitest'
import { createHoldings } from '../../src/http/admission/holdings.ts'
import { createPieceMaker, orDrop } from '../../src/http/admission/pieces.ts'

const KIB = 1024

function createRig(limits = { eachMax: 200 * KIB, allMax: 300 * KIB }) {
  const holdings = createHoldings(limits)
  const taken: string[] = []
  const turns = {
    async take(lane: string) {
      taken.push(lane)
    },
  }
  return { holdings, taken, makerOf: (owner: string) => createPieceMaker({ turns, holdings }, owner) }
}

const element = (bytes: number) => JSON.stringify('x'.repeat(bytes - 2))
const textOf = (pieces: readonly Buffer[]) => Buffer.concat(pieces).toString()

describe('the elements of an answer', () => {
  test.each([
    ['none', []],
    ['one', ['1']],
    ['a few', ['1', '"ü"', '{"a":[]}']],
    ['large ones', Array.from({ length: 5 }, () => element(20 * KIB))],
    ['one that is larger than a piece', [element(90 * KIB)]],
  ])('%s: are what was added, with commas between', async (_, texts) => {
    const maker = createRig().makerOf('a')
    for (const text of texts) await maker.add(text)
    expect(`[${textOf(maker.finish().pieces)}]`).toBe(`[${texts.join(',')}]`)
  })

  test('small ones take no turn; large ones take one for each 32 KiB', async () => {
    const { makerOf, taken } = createRig()
    const small = makerOf('a')
    for (let count = 0; count < 100; count++) await small.add(element(100))
    expect(taken).toEqual([])
    const large = makerOf('b')
    for (let count = 0; count < 10; count++) await large.add(element(16 * KIB))
    expect(taken).toEqual(Array(5).fill('b'))
  })
})

describe('what is not taken yet', () => {
  const fill = async (maker: ReturnType<ReturnType<typeof createRig>['makerOf']>, bytes: number) => {
    for (let left = bytes; left > 0; left -= 32 * KIB) await maker.add(element(32 * KIB))
    return maker.finish()
  }

  test('of one owner is bounded, and others have room', async () => {
    const { makerOf } = createRig()
    await fill(makerOf('a'), 192 * KIB)
    await expect(fill(makerOf('a'), 64 * KIB)).rejects.toMatchObject({ code: 'unavailable' })
    await fill(makerOf('b'), 64 * KIB)
  })

  test('of all together is bounded', async () => {
    const { makerOf } = createRig()
    await fill(makerOf('a'), 192 * KIB)
    await fill(makerOf('b'), 96 * KIB)
    await expect(fill(makerOf('c'), 64 * KIB)).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('is let go when it was taken, once', async () => {
    const { makerOf } = createRig()
    const first = await fill(makerOf('a'), 192 * KIB)
    first.release()
    first.release()
    const second = await fill(makerOf('a'), 192 * KIB)
    await expect(fill(makerOf('a'), 64 * KIB)).rejects.toMatchObject({ code: 'unavailable' })
    second.release()
    await fill(makerOf('a'), 192 * KIB)
  })

  test('is let go when the answer is given up', async () => {
    const { makerOf } = createRig()
    const maker = makerOf('a')
    await fill(maker, 192 * KIB)
    maker.drop()
    const elements = await fill(makerOf('a'), 192 * KIB)
    const refused = orDrop(elements, () => {
      throw new Error('revoked')
    })
    await expect(refused).rejects.toThrow('revoked')
    await fill(makerOf('a'), 192 * KIB)
  })
})
