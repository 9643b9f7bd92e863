import { type Day, dateOf, dayOf, parseDate } from '@latchkey/core/calendar'
import { type Fault, inputError } from '@latchkey/core/error'

const DAYS_DEFAULT = 30
const DAYS_MAX = 400
/** 0000-01-01: before it four digits write no year. */
const DAY_MIN = parseDate('0000-01-01')!

/** The days that are asked for. Throws AppError with every fault. */
export function readSpan(
  { from, to }: { readonly from?: string; readonly to?: string },
  nowMs: number,
): { readonly from: Day; readonly to: Day } {
  const faults: Fault[] = []
  const last = dayIn(to) ?? dayOf(nowMs)
  const first = dayIn(from) ?? Math.max(DAY_MIN, last - DAYS_DEFAULT + 1)
  if (first > last) {
    faults.push(faultOf('from', `is after to, which is ${dateOf(last)}: the first day comes first.`))
  } else if (last - first >= DAYS_MAX) {
    const earliest = dateOf(last - DAYS_MAX + 1)
    faults.push(faultOf('from', `may be ${earliest} at the earliest: ${DAYS_MAX} days are answered at once.`))
  }
  if (faults.length > 0) throw inputError(faults, 'invalid_parameter')
  return { from: first, to: last }
}

/** Throws TypeError for a text that its schema should have stopped. */
function dayIn(text: string | undefined): Day | undefined {
  if (text === undefined) return undefined
  const day = parseDate(text)
  if (day === undefined) throw new TypeError('a day that its schema let through')
  return day
}

const faultOf = (parameter: string, detail: string): Fault => ({
  parameter,
  code: 'invalid_parameter',
  detail,
})
