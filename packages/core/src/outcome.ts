import type { VerifiableKey } from './key.ts'
import type { KeySecret } from './loaded-key.ts'
import type { OutcomeCode } from './outcome-code.ts'

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
