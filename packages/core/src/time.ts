/** RFC 3339 §5.6. Hours and minutes are in their range here; the day is held against the calendar below. */
const FORM =
  /^(\d{4}-\d\d-\d\d)[Tt ]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d+))?(?:[Zz]|([+-])((?:[01]\d|2[0-3])):([0-5]\d))$/

/** 0000-01-01T00:00:00Z and the last millisecond of 9999: what four digits can write. */
const MOMENT_MIN = -62_167_219_200_000
const MOMENT_MAX = 253_402_300_799_999
/** The longest useful text has some forty characters; nothing beyond is looked at. */
const LENGTH_MAX = 64

/**
 * The one reader of times: a date and time with its zone (RFC 3339 §5.6), in milliseconds since the epoch;
 * undefined: the text is none. A leap second is none, for no clock here can show it. What is finer than a millisecond
 * is cut off.
 */
export function parseTime(text: string): number | undefined {
  const match = text.length > LENGTH_MAX ? null : FORM.exec(text)
  if (match === null) return undefined
  const [, date = '', time, fraction = '', sign, hours, minutes] = match
  const localMs = Date.parse(`${date}T${time}.${fraction.slice(0, 3).padEnd(3, '0')}Z`)
  // The engine takes 30 February for 2 March.
  if (Number.isNaN(localMs) || !new Date(localMs).toISOString().startsWith(date)) return undefined
  const offsetMs = sign === undefined ? 0 : (Number(hours) * 60 + Number(minutes)) * 60_000
  const atMs = sign === '+' ? localMs - offsetMs : localMs + offsetMs
  return atMs >= MOMENT_MIN && atMs <= MOMENT_MAX ? atMs : undefined
}

const EXAMPLE = 'such as 2027-01-31T00:00:00Z.'

/** What is wrong with a text that `parseTime` does not take, and how to write it; to follow the name of its field. */
export function explainTime(text: string): string {
  const start = text.slice(0, LENGTH_MAX)
  if (/T\d\d:\d\d:60/i.test(start)) {
    return `names a leap second, which the service cannot keep: write the second after it, ${EXAMPLE}`
  }
  if (/T\d\d:\d\d:\d\d(\.\d+)? \d\d:\d\d$/i.test(start)) {
    return 'has a space for the + of its offset: in a query write + as %2B, or the time in UTC with Z.'
  }
  if (/^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?$/i.test(start)) {
    return `lacks seconds or zone: write date, time and zone in full, ${EXAMPLE}`
  }
  return `must be a date and time with its zone, years 0000 to 9999, ${EXAMPLE}`
}
