import { type Fault, inputError } from '@latchkey/core/error'
import { whenKnown } from '@latchkey/core/maybe-promise'
import { parseVerifyInput, presentOutcome, verifyParsed } from '../gateway/verify-attempt.ts'
import type { Handler } from '../schema/context.ts'

export const verifyApiKey: Handler<'verifyApiKey'> = (deps, context) => {
  const { principal, body, requestId, admitAgain } = context
  const faults: Fault[] = []
  const input = parseVerifyInput(body, deps.config.keyPrefix, '', faults)
  if (faults.length > 0) throw inputError(faults)
  return whenKnown(verifyParsed(deps, principal, input, admitAgain), (outcome) => ({
    body: presentOutcome(outcome, requestId),
  }))
}
