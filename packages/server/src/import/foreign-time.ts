import { quoted } from '@latchkey/core/shown-value'
import { parseTime } from '@latchkey/core/time'
import { RowRefusal } from './source-error.ts'

/**
 * What a number means: seconds or milliseconds since 1970, or `s-or-ms`: seconds up to the year 9999, and above that
 * milliseconds, which begin in 1978 there. A text is read as a time in each case.
 */
export type TimeUnit = 's' | 'ms' | 's-or-ms'

/**
 * A time as databases and APIs write it, in UTC with milliseconds. Without a zone it is taken as UTC, which is what the
 * frameworks read here store; a day alone is its first moment, so that an end never moves back. Throws RowRefusal.
 */
export function foreignTime(name: string, value: unknown, unit: TimeUnit): string {
  const text = typeof value === 'string' ? value.trim() : String(value)
  if (isExact(text)) return text
  const ms = NUMBER.test(text) ? momentOf(Number(text), unit) : timeOf(text)
  if (ms === undefined || !(ms >= MOMENT_MIN && ms <= MOMENT_MAX)) {
    throw new RowRefusal(
      `${name} is ${quoted(text, LIKE_TIME.test(text))}, which is no time: write it as 2027-01-31T00:00:00Z.`,
    )
  }
  return new Date(Math.floor(ms)).toISOString()
}

/** What was meant as one. Where a column is missing, what stands in its place may be a key. */
const LIKE_TIME = /^(?:\d{1,6}[-+/.:TZ ,]{1,2}){1,9}\d{0,6}(?: ?[AP]M)?(?: ?UTC)?$/i

/** Most exports have times as they are kept here. */
function isExact(text: string): boolean {
  if (text.length !== 24 || text[23] !== 'Z' || text < '1970' || text > '9999-12-31T23:59:59.999Z')
    return false
  const ms = Date.parse(text)
  return !Number.isNaN(ms) && new Date(ms).toISOString() === text
}

const NUMBER = /^-?\d+(?:\.\d+)?$/
/** The years 1970 to 9999: what is outside is another unit, or no time at all. */
const MOMENT_MIN = 0
const MOMENT_MAX = 253_402_300_799_999

function momentOf(number: number, unit: TimeUnit): number {
  const isSeconds = unit === 's' || (unit === 's-or-ms' && number * 1_000 <= MOMENT_MAX)
  return isSeconds ? number * 1_000 : number
}

/** `2022-06-30 12:47:56+00` of PostgreSQL, `2022-06-30 12:47:56.123` of MySQL, `2022-06-30`, and what RFC 3339 writes. */
const FORM = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|UTC|[+-]\d\d(?::?\d\d)?)?)?$/i

function timeOf(text: string): number | undefined {
  const [, date, time = '00:00:00', zone = 'Z'] = FORM.exec(text) ?? []
  if (date === undefined) return undefined
  return parseTime(`${date}T${time.length === 5 ? `${time}:00` : time}${zoneOf(zone)}`)
}

function zoneOf(zone: string): string {
  if (/^(?:Z|UTC)$/i.test(zone)) return 'Z'
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0')
  return `${zone[0]}${digits.slice(0, 2)}:${digits.slice(2)}`
}
