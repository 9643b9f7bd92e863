import { expect, test } from 'vitest'
import { whenKnown } from './maybe-promise.ts'

const fail = (): never => {
  throw new Error('refused')
}

test('what is known is worked on at once', () => {
  expect(whenKnown(2, (value) => value + 1)).toBe(3)
})

test('what is not known yet is waited for', async () => {
  const later = whenKnown(Promise.resolve(2), (value) => value + 1)
  expect(later).toBeInstanceOf(Promise)
  expect(await later).toBe(3)
})

test('a step that fails throws where the value is known, and rejects where it is not', async () => {
  expect(() => whenKnown(2, fail)).toThrow('refused')
  await expect(whenKnown(Promise.resolve(2), fail)).rejects.toThrow('refused')
})
