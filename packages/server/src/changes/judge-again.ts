import { evaluate, IN_FORCE } from '@latchkey/core/evaluate'
import { compileKey, type KeyRecord } from '@latchkey/core/key-record'
import { secretOf } from '@latchkey/core/loaded-key'
import { NOT_FOUND } from '@latchkey/core/outcome'
import type { Principal } from '@latchkey/core/principal'
import { principalNow } from '../verification/principal-now.ts'
import type { Requester } from './requester.ts'

/**
 * Who the requester is now, in the transaction of the change it asks for, by the record that was read there (see
 * held-rows.ts). Throws AppError: what a request that came in at this moment would be told.
 */
export function judgeAgain(by: Requester, record: KeyRecord | undefined, nowMs: number): Principal {
  const { principal, address } = by
  const { id, token, secretOrdinal } = principal
  if (id === null) return principal
  const attempt = { ...IN_FORCE, token, address, nowMs }
  const loaded = record === undefined ? undefined : compileKey(record)
  const outcome =
    loaded === undefined ? NOT_FOUND : evaluate(loaded.key, attempt, secretOf(loaded, id, secretOrdinal))
  const now = principalNow(principal, outcome, attempt)
  by.assertPermitted(now)
  return now
}
