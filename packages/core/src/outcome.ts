import type { VerifiableKey } from './key.ts'
import type { KeySecret } from './loaded-key.ts'

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

/**
 * `key` is known for every verdict but NOT_FOUND: whoever holds the secret has proven possession. `secret`: the one it
 * was found by; undefined: it was found by its id.
 */
export type Outcome =
  | { readonly code: 'NOT_FOUND'; readonly key: undefined; readonly secret: undefined }
  | {
      readonly code: Exclude<OutcomeCode, 'NOT_FOUND'>
      readonly key: VerifiableKey
      readonly secret: KeySecret | undefined
    }

export const NOT_FOUND: Outcome = Object.freeze({ code: 'NOT_FOUND', key: undefined, secret: undefined })
