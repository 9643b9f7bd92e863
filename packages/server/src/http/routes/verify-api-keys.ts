import { type Fault, inputError } from '@latchkey/core/error'
import type { Handler } from '../context.ts'
import { parseVerifyInput, presentOutcome, verifyParsed } from '../verify-attempt.ts'

export const verifyApiKeys: Handler<'verifyApiKeys'> = async (deps, { principal, body, requestId }) => {
  const faults: Fault[] = []
  const inputs = body.keys.map((input, index) =>
    parseVerifyInput(input, deps.config.keyPrefix, `/keys/${index}`, faults),
  )
  if (faults.length > 0) throw inputError(faults)
  // Async: what one of them throws at once must not leave the others with nobody to hear how they end.
  const outcomes = await Promise.all(inputs.map(async (input) => verifyParsed(deps, principal, input)))
  return { body: { results: outcomes.map((outcome) => presentOutcome(outcome, requestId)) } }
}
