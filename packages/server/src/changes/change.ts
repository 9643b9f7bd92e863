import { AppError } from '@latchkey/core/error'
import { type CompanyId, type Id, nextId } from '@latchkey/core/ids'
import type { Actor, Principal } from '@latchkey/core/principal'
import type { RandomBytes } from '@latchkey/core/random'
import type { RevocationScope } from '@latchkey/core/revocation-scope'
import { appendEvent, type NewEvent } from '../audit/append-event.ts'
import type { AuditChain } from '../audit/chain.ts'
import { findLedgerLocked, saveLedger } from '../storage/tables/ledger.ts'
import type { Ledger } from '../storage/tables/ledger-columns.ts'
import type { Db } from '../storage/tables/schema.ts'

/** One write transaction, as a use case sees it. */
export type Tx = {
  readonly db: Db
  /** The moment of the whole transaction, milliseconds since the epoch. */
  readonly nowMs: number
  readonly actor: Actor
  readonly randomBytes: RandomBytes
  readonly chain: AuditChain
  /**
   * Names what changed in a way that can alter a verdict: when the write is answered, no server answers from before it.
   * Call it for a row that was like this already, too (a key that is deleted twice): the answer promises the same.
   */
  revoke(changed: RevocationScope): void
}

/** A write transaction that holds one company's row. */
export type Change = Tx & {
  /** Who asks, judged in this transaction: what it may do now, not what it could when the request came in. */
  readonly principal: Principal
  readonly ledger: Ledger
  /** An id greater than every one given in the company before, whatever the clock says. */
  nextId<Kind extends string>(kind: Kind): Id<Kind>
  /** Adds an event to the company's chain. */
  record(event: NewEvent): Promise<void>
}

/** A change of a company in a transaction that is open. Throws AppError `company_not_found`. */
export async function changeIn<T>(
  tx: Tx,
  principal: Principal,
  companyId: CompanyId,
  work: (change: Change) => Promise<T>,
): Promise<T> {
  const ledger = await findLedgerLocked(tx.db, companyId)
  if (ledger === undefined) throw new AppError('company_not_found', 'There is no such company.')
  return changeWith({ ...tx, principal }, ledger, work)
}

/** Runs the work on a company whose row is held; saves counters, last id and audit head. */
export async function changeWith<T>(
  tx: Tx & Pick<Change, 'principal'>,
  ledger: Ledger,
  work: (change: Change) => Promise<T>,
): Promise<T> {
  const issueId = <Kind extends string>(kind: Kind): Id<Kind> => {
    const id = nextId(kind, {
      nowMs: tx.nowMs,
      randomBytes: tx.randomBytes,
      after: ledger.lastId as Id<string>,
    })
    ledger.lastId = id
    return id
  }
  let isMoved = false
  const result = await work({
    ...tx,
    ledger,
    nextId: issueId,
    async record(event) {
      isMoved = true
      await appendEvent(tx, ledger, issueId, event)
    },
  })
  // Without an event nothing was changed, and the row stays as it is.
  if (isMoved) await saveLedger(tx.db, ledger)
  return result
}
