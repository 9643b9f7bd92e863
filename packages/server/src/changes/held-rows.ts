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
 * Holds the row of the company that is changed. Where another company vouches for the requester, which is then the
 * operator's, it holds that row too. The operator's row is always held last: so nobody waits in a circle, and whoever
 * waits for a busy company does not block the operator's. At the end it reads what vouches for the requester. That
 * cannot change before the commit, for every change of a key, session, user or company takes these rows first.
 *
 * NOTE: all three are asked for at once. A transaction runs its statements one after the other, each on what is
 * committed by then: so the record is read when the rows are held.
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
