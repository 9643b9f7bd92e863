import { type Fault, inputError } from '@latchkey/core/error'
import { createPieceMaker } from '../admission/pieces.ts'
import {
  type ParsedInput,
  parseVerifyInput,
  presentOutcome,
  verifyParsed,
} from '../gateway/verify-attempt.ts'
import type { Handler } from '../schema/context.ts'

/** Keys of one batch that are verified in one turn, and looked up at the same time. */
const TOGETHER = 20

export const verifyApiKeys: Handler<'verifyApiKeys'> = async (deps, context) => {
  const { principal, body, requestId, elementText, admitAgain } = context
  const faults: Fault[] = []
  const inputs: ParsedInput[] = []
  for (const [index, input] of body.keys.entries()) {
    if (index > 0 && index % TOGETHER === 0) await deps.turns.take(principal.companyId)
    inputs.push(parseVerifyInput(input, deps.config.keyPrefix, `/keys/${index}`, faults))
  }
  if (faults.length > 0) throw inputError(faults)
  const judgeAll = async () => {
    const maker = createPieceMaker(deps, principal.companyId)
    try {
      for (let start = 0; start < inputs.length; start += TOGETHER) {
        // The batch may have waited long: a caller that was revoked meanwhile must not use up limits.
        await admitAgain()
        const together = inputs.slice(start, start + TOGETHER)
        // Async: when one throws at once, the promises of the others must still be awaited.
        const outcomes = await Promise.all(
          together.map(async (input) => verifyParsed(deps, principal, input, admitAgain)),
        )
        for (const outcome of outcomes) await maker.add(elementText(presentOutcome(outcome, requestId)))
      }
      await admitAgain()
      return { body: { results: [] }, elements: maker.finish() }
    } catch (error) {
      maker.drop()
      throw error
    }
  }
  return deps.turnstile.pass(principal.companyId, judgeAll, () => context.isWanted())
}
