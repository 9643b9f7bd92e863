import type { VerifiableKey } from './key.ts'

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

/** `key` is known for every verdict but NOT_FOUND: whoever holds the secret has proven possession. */
export type Outcome =
  | { readonly code: 'NOT_FOUND'; readonly key: undefined }
  | { readonly code: Exclude<OutcomeCode, 'NOT_FOUND'>; readonly key: VerifiableKey }

export const NOT_FOUND: Outcome = Object.freeze({ code: 'NOT_FOUND', key: undefined })
