import { expect, test } from 'vitest'
import type { Engine } from '../../src/storage/engine.ts'
import { createWriteProof } from '../../src/verification/write-proof.ts'

/** A store whose writes end as the test says, and a clock that stands still until it is told to move. */
function setUp() {
  const asked: PromiseWithResolvers<void>[] = []
  let nowMs = 0
  const write = (() => {
    const one = Promise.withResolvers<void>()
    asked.push(one)
    return one.promise
  }) as unknown as Engine['write']
  return {
    asked,
    prove: createWriteProof(
      { write, changes: { kind: 'asked' } as Engine['changes'] },
      { party: 'test' },
      () => nowMs,
    ),
    move(byMs: number) {
      nowMs += byMs
    },
  }
}

test('whoever asks while a write is under way shares it, however long it takes', async () => {
  const { asked, prove, move } = setUp()
  const first = prove()
  move(60_000)
  const second = prove()
  expect(asked).toHaveLength(1)
  asked[0]!.resolve()
  await Promise.all([first, second])
})

test('a write that worked counts for five seconds', async () => {
  const { asked, prove, move } = setUp()
  const first = prove()
  asked[0]!.resolve()
  await first
  move(4_999)
  await prove()
  expect(asked).toHaveLength(1)
  move(1)
  void prove()
  expect(asked).toHaveLength(2)
})

test('one that failed for one second, so that it is noticed when writes work again', async () => {
  const { asked, prove, move } = setUp()
  const first = prove()
  asked[0]!.reject(new Error('full'))
  await expect(first).rejects.toThrow('full')
  move(999)
  await expect(prove()).rejects.toThrow('full')
  expect(asked).toHaveLength(1)
  move(1)
  const again = prove()
  asked[1]!.resolve()
  await again
})
