import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { explainTime, parseTime } from './time.ts'

describe('parseTime', () => {
  test.each([
    ['2027-12-31T23:59:59Z', '2027-12-31T23:59:59.000Z'],
    ['2027-12-31T23:59:59.5Z', '2027-12-31T23:59:59.500Z'],
    ['2027-12-31T23:59:59.123456789Z', '2027-12-31T23:59:59.123Z'],
    ['2027-12-31t23:59:59z', '2027-12-31T23:59:59.000Z'],
    ['2027-12-31 23:59:59Z', '2027-12-31T23:59:59.000Z'],
    ['2027-12-31T23:59:59+01:00', '2027-12-31T22:59:59.000Z'],
    ['2027-12-31T23:59:59-23:59', '2028-01-01T23:58:59.000Z'],
    ['2027-12-31T23:59:59-00:00', '2027-12-31T23:59:59.000Z'],
    ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00.000Z'],
    ['1969-12-31T23:59:59.999Z', '1969-12-31T23:59:59.999Z'],
    ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000Z'],
    ['0099-01-01T00:00:00Z', '0099-01-01T00:00:00.000Z'],
    ['0000-01-01T00:00:00-01:00', '0000-01-01T01:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
    ['9999-12-31T23:59:59+00:01', '9999-12-31T23:58:59.000Z'],
  ])('%s is %s', (text, expected) => {
    expect(new Date(parseTime(text)!).toISOString()).toBe(expected)
  })

  test.each([
    ['a leap second', '2027-12-31T23:59:60Z'],
    ['one that was', '2016-12-31T23:59:60Z'],
    ['one in another zone', '2017-01-01T00:59:60+01:00'],
    ['one with a fraction', '2016-12-31T23:59:60.5Z'],
    ['a second beyond', '2027-12-31T23:59:61Z'],
    ['a minute beyond', '2027-12-31T23:60:00Z'],
    ['the end of a day as its hour 24', '2027-12-31T24:00:00Z'],
    ['a day that month does not have', '2027-02-29T00:00:00Z'],
    ['nor in a century', '1900-02-29T00:00:00Z'],
    ['day 31 of a month of 30', '2027-04-31T00:00:00Z'],
    ['day 0', '2027-04-00T00:00:00Z'],
    ['month 0', '2027-00-01T00:00:00Z'],
    ['month 13', '2027-13-01T00:00:00Z'],
    ['before year 0000 by its zone', '0000-01-01T00:00:00+00:01'],
    ['after year 9999 by its zone', '9999-12-31T23:59:59-00:01'],
    ['a year of five digits', '10000-01-01T00:00:00Z'],
    ['a year with a sign', '+002027-01-01T00:00:00Z'],
    ['a negative year', '-000001-01-01T00:00:00Z'],
    ['no zone', '2027-12-31T23:59:59'],
    ['a zone of hours only', '2027-12-31T23:59:59+01'],
    ['a zone without its colon', '2027-12-31T23:59:59+0100'],
    ['a zone of a day', '2027-12-31T23:59:59+24:00'],
    ['a zone by name', '2027-12-31T23:59:59 CET'],
    ['a zone in brackets', '2027-12-31T23:59:59Z[Europe/Paris]'],
    ['no seconds', '2027-12-31T23:59Z'],
    ['a date', '2027-12-31'],
    ['a fraction without digits', '2027-12-31T23:59:59.Z'],
    ['a fraction with a comma', '2027-12-31T23:59:59,5Z'],
    ['the basic form', '20271231T235959Z'],
    ['a week', '2027-W52-5T23:59:59Z'],
    ['HTTP form', 'Fri, 31 Dec 2027 23:59:59 GMT'],
    ['milliseconds', '1830297599000'],
    ['space around it', ' 2027-12-31T23:59:59Z'],
    ['a line end behind it', '2027-12-31T23:59:59Z\n'],
    ['digits of another script', '２０２７-12-31T23:59:59Z'],
    ['nothing', ''],
    ['a fraction without end', `2027-12-31T23:59:59.${'0'.repeat(60)}Z`],
  ])('%s is none', (_, text) => {
    expect(parseTime(text)).toBe(undefined)
  })

  test('reads back every moment it could have written, in every zone', () => {
    const moment = fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 })
    const offset = fc.integer({ min: -1_439, max: 1_439 })
    fc.assert(
      fc.property(moment, offset, (atMs, minutes) => {
        const local = atMs + minutes * 60_000
        fc.pre(local >= -62_167_219_200_000 && local <= 253_402_300_799_999)
        const two = (value: number) => String(value).padStart(2, '0')
        const size = Math.abs(minutes)
        const zone = `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
        expect(parseTime(`${new Date(local).toISOString().slice(0, -1)}${zone}`)).toBe(atMs)
      }),
    )
  })
})

describe('explainTime', () => {
  test.each([
    ['2027-12-31T23:59:60Z', 'leap second'],
    ['2027-12-31T23:59:59 01:00', '%2B'],
    ['2027-12-31T23:59:59', 'lacks seconds or zone'],
    ['2027-12-31T23:59:59.25', 'lacks seconds or zone'],
    ['2027-12-31 23:59', 'lacks seconds or zone'],
    ['2027-12-31', 'lacks seconds or zone'],
    ['on 2027-12-31', 'must be a date and time'],
    ['2027-12-31 at noon', 'must be a date and time'],
    ['2027-12-31T23:59:59.5 01:00', '%2B'],
    ['2027-12-31T23:59:59 01:00 or so', 'must be a date and time'],
    ['tomorrow', 'such as 2027-01-31T00:00:00Z'],
    ['9999-12-31T23:59:59-00:01', 'years 0000 to 9999'],
  ])('of %s says %s', (text, words) => {
    expect(parseTime(text)).toBe(undefined)
    expect(explainTime(text)).toContain(words)
  })
})
