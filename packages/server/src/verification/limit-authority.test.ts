/** What becomes of those who ask for units when the store is slow, late or broken. */
import type { LimitAnswer } from '@latchkey/core/limit-account'
import { expect, test } from 'vitest'
import { createFakeTiming, settled } from '../../test/verification/fake-timing.ts'
import { createLimitAuthority } from './limit-authority.ts'

const answerAt = (atMs: number): LimitAnswer => ({ atMs, grants: [] })

/** A store whose transactions end as the test says. */
function anAuthority() {
  const timing = createFakeTiming()
  const writes: PromiseWithResolvers<unknown>[] = []
  const ended: (readonly [result: string, durationMs: number])[] = []
  const ask = createLimitAuthority({
    engine: {
      async write<T>() {
        const write = Promise.withResolvers<unknown>()
        writes.push(write)
        return { value: (await write.promise) as T, revocation: undefined }
      },
    },
    nowMs: async () => timing.wallMs(),
    timing,
    onEnd: (result, durationMs) => void ended.push([result, durationMs]),
  })
  return { timing, writes, ended, ask: (keyId: string) => ask(keyId, { returns: [], wants: [] }) }
}

test('who asks during a transaction is in the next, fifty at most, and each gets its own answer', async () => {
  const { timing, writes, ended, ask } = anAuthority()
  const first = ask('key_0')
  const others = Array.from({ length: 51 }, (_, index) => ask(`key_${index + 1}`))
  expect(writes).toHaveLength(1)
  await timing.pass(30)
  writes[0]!.resolve([answerAt(0)])
  expect(await first).toEqual(answerAt(0))
  expect(writes).toHaveLength(2)
  writes[1]!.resolve(Array.from({ length: 50 }, (_, index) => answerAt(index + 1)))
  expect(await Promise.all(others.slice(0, 50))).toEqual(others.slice(0, 50).map((_, at) => answerAt(at + 1)))
  expect(writes).toHaveLength(3)
  writes[2]!.resolve([answerAt(51)])
  expect(await others[50]).toEqual(answerAt(51))
  expect(ended).toEqual([
    ['answered', 30],
    ['answered', 0],
    ['answered', 0],
  ])
})

test('a transaction that fails refuses all that were in it, counts as failed, and is in nobody else’s way', async () => {
  const { writes, ended, ask } = anAuthority()
  const first = ask('key_0')
  const together = Promise.allSettled([ask('key_1'), ask('key_2')])
  const broken = new Error('disk I/O error')
  writes[0]!.reject(broken)
  await expect(first).rejects.toBe(broken)
  writes[1]!.reject(broken)
  expect(await together).toEqual([
    { status: 'rejected', reason: broken },
    { status: 'rejected', reason: broken },
  ])
  const next = ask('key_3')
  writes[2]!.resolve([answerAt(3)])
  expect(await next).toEqual(answerAt(3))
  expect(ended).toEqual([
    ['failed', 0],
    ['failed', 0],
    ['answered', 0],
  ])
})

test('an answer that takes longer than two seconds is none, whatever comes later', async () => {
  const { timing, writes, ended, ask } = anAuthority()
  const late = Promise.allSettled([ask('key_0')])
  await timing.pass(1_999)
  expect(ended).toEqual([])
  await timing.pass(1)
  await settled()
  expect(ended).toEqual([['failed', 2_000]])
  writes[0]!.resolve([answerAt(0)])
  expect(await late).toMatchObject([{ status: 'rejected' }])
  const next = ask('key_1')
  await settled()
  writes[1]!.resolve([answerAt(1)])
  expect(await next).toEqual(answerAt(1))
})
