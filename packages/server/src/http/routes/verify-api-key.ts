import { type Fault, inputError } from '@latchkey/core/error'
import type { Handler } from '../context.ts'
import { parseVerifyInput, presentOutcome, verifyParsed } from '../verify-attempt.ts'

export const verifyApiKey: Handler<'verifyApiKey'> = async (deps, { principal, body, requestId }) => {
  const faults: Fault[] = []
  const input = parseVerifyInput(body, deps.config.keyPrefix, '', faults)
  if (faults.length > 0) throw inputError(faults)
  return { body: presentOutcome(await verifyParsed(deps, principal, input), requestId) }
}
