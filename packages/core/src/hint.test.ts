import { expect, test } from 'vitest'
import { hintOf, maskedKey } from './hint.ts'
import { parseSecret } from './secret.ts'

const LIVE = 'lk_live_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg1vsBFy'

test('a hint is the start with four random characters, and the last four', () => {
  expect(hintOf(parseSecret(LIVE, 'lk')!)).toEqual({ prefix: 'lk_live_0123', lastFour: 'sBFy' })
})

test('a masked key shows what the hint holds, with three dots between', () => {
  expect(maskedKey({ prefix: 'lk_live_2Zc9', lastFour: 'WtJx' })).toBe('lk_live_2Zc9...WtJx')
})

test('one whose end is not known has an ellipsis there', () => {
  expect(maskedKey({ prefix: 'shop_7Kq2', lastFour: '' })).toBe('shop_7Kq2…')
})
