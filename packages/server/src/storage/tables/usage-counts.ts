import { OUTCOME_CODES, type OutcomeCode } from '@latchkey/core/outcome-code'

/** How often each thing happened, in the order of COUNTED: what is added up many times has no names. */
export type Counts = number[]

/** Every verdict, and how many of the accepted uses were of a secret that was replaced. */
const COLUMNS = {
  VALID: 'valid',
  NOT_FOUND: 'not_found',
  INACTIVE: 'inactive',
  EXPIRED: 'expired',
  USER_INACTIVE: 'user_inactive',
  COMPANY_INACTIVE: 'company_inactive',
  IP_NOT_ALLOWED: 'ip_not_allowed',
  IP_REQUIRED: 'ip_required',
  INSUFFICIENT_PERMISSIONS: 'insufficient_permissions',
  RATE_LIMITED: 'rate_limited',
} as const satisfies Readonly<Record<OutcomeCode, string>>

type CountColumn = (typeof COLUMNS)[OutcomeCode] | 'previous_secret'

/** As they are stored. */
export type CountColumns = Record<CountColumn, number>

export const COUNT_COLUMNS: readonly CountColumn[] = [
  ...OUTCOME_CODES.map((code) => COLUMNS[code]),
  'previous_secret',
]

/** Where the uses of a replaced secret stand among the counts. */
export const PREVIOUS_SECRET = OUTCOME_CODES.length

const INDEXES = Object.fromEntries(OUTCOME_CODES.map((code, index) => [code, index])) as Record<
  OutcomeCode,
  number
>

export const indexOf = (code: OutcomeCode): number => INDEXES[code]

const NONE: Counts = COUNT_COLUMNS.map(() => 0)

export const noCounts = (): Counts => NONE.slice()

/** A sum comes as text from one of the stores. */
export const countsOf = (row: Readonly<Record<CountColumn, number | string>>): Counts =>
  COUNT_COLUMNS.map((column) => Number(row[column]))

export function addCounts(to: Counts, counts: Counts): void {
  for (const [index, count] of counts.entries()) to[index] = (to[index] ?? 0) + count
}
