import type { CompanyId } from '@latchkey/core/ids'
import { expect, test } from 'vitest'
import type { LogRow } from '../../storage/tables/schema.ts'
import { createChangeFeed, isSeen, type Sight } from './change-feed.ts'

const A = 'cmp_a' as CompanyId
const B = 'cmp_b' as CompanyId

const rowOf = (revision: number, companyId: CompanyId | null = A): LogRow => ({
  revision,
  scope: 'key',
  object_id: `key_${revision}`,
  company_id: companyId,
})

test.each<[string, Partial<LogRow>, Sight, boolean]>([
  ['of its company', { company_id: A }, A, true],
  ['of another company', { company_id: B }, A, false],
  ['of any company, by who sees all', { company_id: B }, null, true],
  ['of nobody knows whom, as a store says it', { company_id: null }, A, true],
  ['of nobody knows whom, as nobody said it', {}, A, true],
  ['of a session', { company_id: A, scope: 'session' }, A, false],
  ['of a session, by who sees all', { scope: 'session' }, null, false],
])('a change is seen: %s', (_, fields, sight, expected) => {
  expect(isSeen({ revision: 1, scope: 'key', object_id: 'key_1', ...fields }, sight)).toBe(expected)
})

test('the last ten thousand changes are kept; who has not heard of an older one may have missed it', () => {
  const feed = createChangeFeed()
  feed.take({ epoch: 'one', revision: 0, rows: [] }, false)
  for (let from = 1; from < 10_001; from += 1_000) {
    const rows = Array.from({ length: 1_000 }, (_, index) => rowOf(from + index))
    feed.take({ epoch: 'one', revision: from + 999, rows }, true)
  }
  expect([feed.after(A, 0)?.length, feed.firstAfter(A, 0)]).toEqual([10_000, 1])
  feed.take({ epoch: 'one', revision: 10_001, rows: [rowOf(10_001, B)] }, true)
  expect([feed.after(A, 0), feed.firstAfter(A, 0)]).toEqual([undefined, 1])
  expect([feed.after(A, 1)?.length, feed.firstAfter(A, 1)]).toEqual([9_999, 2])
  expect([feed.after(A, 10_000), feed.firstAfter(A, 10_000)]).toEqual([[], undefined])
})

test('what does not go on where the last ended leaves nothing known of before', () => {
  const feed = createChangeFeed()
  feed.take({ epoch: 'one', revision: 5, rows: [rowOf(4), rowOf(5)] }, false)
  expect([feed.firstAfter(A, 4), feed.firstAfter(A, 5)]).toEqual([5, undefined])
  feed.take({ epoch: 'one', revision: 6, rows: [rowOf(6)] }, true)
  expect([feed.after(A, 4), feed.after(A, 5)]).toEqual([undefined, [rowOf(6)]])
  feed.take({ epoch: 'two', revision: 3, rows: [rowOf(3)] }, false)
  expect([feed.after(A, 2), feed.firstAfter(A, 2), feed.after(A, 3)]).toEqual([undefined, 3, []])
})
