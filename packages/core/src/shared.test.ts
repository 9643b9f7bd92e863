import { expect, test } from 'vitest'
import { createShared } from './shared.ts'

const boxed = (text: string) => ({ text })

test('equal texts give one object, different ones each their own', () => {
  const shared = createShared(boxed)
  expect(shared('a')).toBe(shared('a'))
  expect(shared('b')).toEqual({ text: 'b' })
})

test('a text of 1,024 characters is held, a longer one is not', () => {
  const shared = createShared(boxed)
  const [longest, longer] = ['x'.repeat(1_024), 'x'.repeat(1_025)]
  expect(shared(longest)).toBe(shared(longest))
  expect(shared(longer)).toEqual({ text: longer })
  expect(shared(longer)).not.toBe(shared(longer))
})

test('a thousand texts are held, and the next begins anew', () => {
  const shared = createShared(boxed)
  const first = shared('1')
  for (let n = 2; n <= 1_000; n++) shared(String(n))
  expect(shared('1')).toBe(first)
  const next = shared('1001')
  expect(shared('1001')).toBe(next)
  expect(shared('1')).toEqual(first)
  expect(shared('1')).not.toBe(first)
})
