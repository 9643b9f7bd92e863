import { expect, test } from 'vitest'
import { createShared } from './shared.ts'

const boxed = (text: string) => ({ text })

test('equal texts give one object, different ones each their own', () => {
  const shared = createShared(boxed)
  expect(shared('a')).toBe(shared('a'))
  expect(shared('b')).toEqual({ text: 'b' })
})

test('a long text is not held', () => {
  const shared = createShared(boxed)
  const long = 'x'.repeat(2_000)
  expect(shared(long)).toEqual({ text: long })
  expect(shared(long)).not.toBe(shared(long))
})

test('however many texts come, a bounded number is held', () => {
  const shared = createShared(boxed)
  const first = shared('0')
  for (let n = 1; n < 5_000; n++) expect(shared(String(n))).toEqual({ text: String(n) })
  expect(shared('0')).toEqual(first)
  expect(shared('0')).not.toBe(first)
})
