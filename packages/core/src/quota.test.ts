import { expect, test } from 'vitest'
import { assertRoomForOne } from './quota.ts'

const quota = { noun: 'keys', setting: 'LATCHKEY_KEYS_MAX', max: 2_000 }

test('there is room below the quota, and none at it: who has to raise what is told', () => {
  expect(() => assertRoomForOne(quota, 1_999)).not.toThrow()
  for (const count of [2_000, 2_001]) {
    expect(() => assertRoomForOne(quota, count)).toThrow(
      expect.objectContaining({
        code: 'quota_exceeded',
        detail: expect.stringMatching(
          /^The company has 2,00[01] keys and may have 2,000:.*raise LATCHKEY_KEYS_MAX/,
        ),
      }),
    )
  }
})
