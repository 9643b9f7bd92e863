import type { CompanyId } from '@latchkey/core/ids'
import type { KeyRecord } from '@latchkey/core/key-record'
import type { Principal } from '@latchkey/core/principal'
import { findLedgerLocked, holdCompany } from '../storage/tables/ledger.ts'
import type { Ledger } from '../storage/tables/ledger-columns.ts'
import { findOutsideUser } from '../storage/tables/outside-user.ts'
import type { Db } from '../storage/tables/schema.ts'
import { findVerifiable } from '../storage/tables/verifiable.ts'

/** What a change holds, and what its requester is judged by. */
export type HeldRows = {
  /** undefined: there is no such company. */
  readonly ledger: Ledger | undefined
  /** undefined: nothing vouches for the requester any more. */
  readonly record: KeyRecord | undefined
}

/**
 * Holds the row of the company that is changed, and then that of the company that vouches for the requester where
 * it is another: the operator's, which is always held last, so that nobody waits in a circle, and so that whoever
 * waits for a busy company keeps nobody out of the operator's meanwhile. Last it reads what vouches for the requester:
 * nothing of it can change before the commit, for every change of a key, session, user or company takes these rows first.
 *
 * NOTE: all of it is asked for at once, and a transaction does what it is asked one after the other, each on what is
 * committed by then: the record is read when the rows are held.
 */
export async function holdRows(db: Db, principal: Principal, companyId: CompanyId): Promise<HeldRows> {
  const { homeCompanyId } = principal
  const isOfAnother = homeCompanyId !== null && homeCompanyId !== companyId
  const [ledger, , record] = await Promise.all([
    findLedgerLocked(db, companyId),
    isOfAnother ? holdCompany(db, homeCompanyId) : undefined,
    findVouching(db, principal),
  ])
  return { ledger, record }
}

/** What vouches for a principal by now; undefined: nothing any more. */
export async function findVouching(db: Db, { id, token }: Principal): Promise<KeyRecord | undefined> {
  if (id === null) return undefined
  const subject = token?.subject ?? null
  const isStillNamed = subject === null || (await findOutsideUser(db, subject)) === id
  return isStillNamed ? findVerifiable(db, id) : undefined
}
