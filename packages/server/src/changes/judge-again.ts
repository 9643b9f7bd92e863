import { evaluate, IN_FORCE } from '@latchkey/core/evaluate'
import { compileKey } from '@latchkey/core/key-record'
import { secretOf } from '@latchkey/core/loaded-key'
import { NOT_FOUND } from '@latchkey/core/outcome'
import type { Principal } from '@latchkey/core/principal'
import type { findOutsideUser } from '../storage/tables/outside-user.ts'
import type { Db } from '../storage/tables/schema.ts'
import type { findVerifiable } from '../storage/tables/verifiable.ts'
import { principalNow } from '../verification/principal-now.ts'
import type { Requester } from './requester.ts'

/** What is read of the store to judge a requester again. */
export type JudgingReads = {
  readonly findVerifiable: typeof findVerifiable
  readonly findOutsideUser: typeof findOutsideUser
}

/**
 * Who the requester is now, in the transaction of the change it asks for. Its company's row is held, so that
 * nothing that vouches for it can change before the commit: every change of a key, session, user or company
 * takes that row first. Throws AppError: what a request that came in at this moment would be told.
 */
export async function judgeAgain(
  { findVerifiable, findOutsideUser }: JudgingReads,
  db: Db,
  by: Requester,
  nowMs: number,
): Promise<Principal> {
  const { principal, address } = by
  const { id, token, secretOrdinal } = principal
  if (id === null) return principal
  const isStillNamed =
    token === undefined || token.subject === null || (await findOutsideUser(db, token.subject)) === id
  const row = isStillNamed ? await findVerifiable(db, id) : undefined
  const attempt = { ...IN_FORCE, token, secretOrdinal, address, nowMs }
  const loaded = row === undefined ? undefined : compileKey(row)
  const outcome =
    loaded === undefined ? NOT_FOUND : evaluate(loaded.key, attempt, secretOf(loaded, id, secretOrdinal))
  const now = principalNow(principal, outcome, attempt)
  by.assertPermitted(now)
  return now
}
