import { expect, test } from 'vitest'
import {
  dateOf,
  dayOf,
  monthAt,
  monthOf,
  parseDate,
  startOfDayMs,
  startOfMonthMs,
  textOfMonth,
} from './calendar.ts'

test.each([
  ['1970-01-01', 0],
  ['2024-02-29', 19_782],
  ['2026-11-28', 20_785],
])('%s is day %i', (text, day) => {
  expect(parseDate(text)).toBe(day)
  expect(dateOf(day)).toBe(text)
  expect(dayOf(startOfDayMs(day))).toBe(day)
  expect(dayOf(startOfDayMs(day) - 1)).toBe(day - 1)
  expect(dayOf(startOfDayMs(day + 1) - 1)).toBe(day)
})

test.each([
  '2026-02-30',
  '2026-13-01',
  '2026-1-1',
  '20261128',
  '2026-11-28T00:00:00Z',
  '',
  'today',
  ' 2026-11-28',
])('%j is no date', (text) => {
  expect(parseDate(text)).toBeUndefined()
})

test('a month holds its days, and begins with the first of them', () => {
  const last = parseDate('2026-12-31')!
  expect(textOfMonth(monthOf(last))).toBe('2026-12')
  expect(textOfMonth(monthOf(last + 1))).toBe('2027-01')
  expect(startOfMonthMs(monthOf(last + 1))).toBe(startOfDayMs(last + 1))
  expect(monthAt(startOfDayMs(last + 1) - 1)).toBe(monthOf(last))
})
