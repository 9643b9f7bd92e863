import type { OperationId } from '@latchkey/contract/operations'
import { inputError } from '@latchkey/core/error'
import { listPermissions } from '@latchkey/core/permission'
import type { Change } from '../../changes/change.ts'
import type { ChangeOptions } from '../../changes/changes.ts'
import { runOnce } from '../../idempotency/run-once.ts'
import type { Context, HandlerDeps, Reply } from '../schema/context.ts'
import { onlyValue } from '../wire/raw-headers.ts'

/** RFC 9110's field-content without spaces: visible ASCII. */
const WORD = /^[\x21-\x7e]{1,255}$/

/**
 * Runs a creation; with an Idempotency-Key at most once for the same principal, secret, permissions, company and path.
 */
export async function once<Id extends OperationId>(
  deps: Pick<HandlerDeps, 'change' | 'derivedKeys' | 'inFlight'>,
  context: Context<Id>,
  work: (change: Change) => Promise<Reply<Id>>,
  options?: ChangeOptions,
): Promise<Reply<Id>> {
  const { requester, method, path, bodyBytes } = context
  const { type, id, secretOrdinal, companyId, role, authority } = requester.principal
  const word = parseHeader(context.header('idempotency-key'))
  if (word === undefined) return deps.change(requester, companyId, work, options)
  // The permissions, too: a token that may do less must not get the answer that its key got.
  const scope = [type, id, companyId, role, listPermissions(authority).join(' '), method, path]
  // And the secret: one that was replaced must not get the answer that its successor got. The first is not named, since
  // its answers are older.
  if (secretOrdinal !== null && secretOrdinal > 1) scope.push(String(secretOrdinal))
  const { change, inFlight } = deps
  const onceDeps = { change, inFlight, idempotencyKey: deps.derivedKeys.idempotency }
  const { answer, isReplayed } = await runOnce(
    onceDeps,
    { requester, companyId, word, scope, bodyBytes, options },
    work,
  )
  return isReplayed ? { ...answer, headers: { ...answer.headers, 'idempotent-replayed': 'true' } } : answer
}

function parseHeader(values: readonly string[]): string | undefined {
  const header = 'Idempotency-Key'
  const value = onlyValue(values, header)
  if (value === undefined) return undefined
  if (!WORD.test(value)) {
    throw inputError([
      { header, code: 'invalid_parameter', detail: 'must be 1 to 255 visible ASCII characters.' },
    ])
  }
  return value
}
