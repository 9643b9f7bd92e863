export const OUTCOME_CODES = [
  'VALID',
  'NOT_FOUND',
  'INACTIVE',
  'EXPIRED',
  'USER_INACTIVE',
  'COMPANY_INACTIVE',
  'IP_NOT_ALLOWED',
  'IP_REQUIRED',
  'INSUFFICIENT_PERMISSIONS',
  'RATE_LIMITED',
] as const

/** The closed set of verdicts. A refusal is an answer, not an error. */
export type OutcomeCode = (typeof OUTCOME_CODES)[number]
