import type { OperationId } from '@latchkey/contract/operations'
import { inputError } from '@latchkey/core/error'
import { runOnce } from '../idempotency/run-once.ts'
import type { Tx } from '../verification/write.ts'
import type { Context, HandlerDeps, Reply } from './context.ts'

/** RFC 9110's field-content without spaces: visible ASCII. */
const WORD = /^[\x21-\x7e]{1,255}$/

/** Runs a creation; with an Idempotency-Key at most once, scoped to principal, company and path. */
export async function once<Id extends OperationId>(
  deps: Pick<HandlerDeps, 'write' | 'derivedKeys' | 'inFlight'>,
  context: Context<Id>,
  work: (tx: Tx) => Promise<Reply<Id>>,
): Promise<Reply<Id>> {
  const { actor, principal, method, path, bodyBytes } = context
  const word = parseHeader(context.header('idempotency-key'))
  if (word === undefined) return deps.write(actor, work)
  const scope = [principal?.type, principal?.id, principal?.companyId, method, path]
  const { write, inFlight } = deps
  const onceDeps = { write, inFlight, idempotencyKey: deps.derivedKeys.idempotency }
  const { answer, isReplayed } = await runOnce(onceDeps, { actor, word, scope, bodyBytes }, work)
  return isReplayed ? { ...answer, headers: { ...answer.headers, 'idempotent-replayed': 'true' } } : answer
}

function parseHeader(values: readonly string[]): string | undefined {
  const [value] = values
  if (value === undefined) return undefined
  const header = 'Idempotency-Key'
  if (values.length > 1) {
    throw inputError([
      { header, code: 'duplicate_parameter', detail: 'was sent more than once: send it once.' },
    ])
  }
  if (!WORD.test(value)) {
    throw inputError([
      { header, code: 'invalid_parameter', detail: 'must be 1 to 255 visible ASCII characters.' },
    ])
  }
  return value
}
