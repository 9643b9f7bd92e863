import { AppError } from '@latchkey/core/error'
import { type CompanyId, type Id, nextId } from '@latchkey/core/ids'
import { insertAuditEvent } from '../storage/audit.ts'
import { findLedgerLocked, type Ledger, saveLedger } from '../storage/ledger.ts'
import type { Tx } from '../verification/write.ts'
import type { AuditChain } from './chain.ts'

/** Field by field, before and after. Never a secret. */
export type Changes = Readonly<Record<string, readonly [before: unknown, after: unknown]>>

type NewEvent = {
  readonly action: string
  readonly object: { readonly type: 'key' | 'user' | 'company' | 'session'; readonly id: string }
  readonly changes?: Changes
}

/** A write transaction that holds one company's row. */
export type Change = Tx & {
  readonly ledger: Ledger
  /** An id greater than every one given in the company before, whatever the clock says. */
  nextId<Kind extends string>(kind: Kind): Id<Kind>
  /** Adds an event to the company's chain. */
  record(event: NewEvent): Promise<void>
}

/**
 * Takes the company's row first, so that writes in one company form a line; runs the work; saves counters,
 * last id and audit head. Throws AppError `company_not_found`.
 */
export async function auditedChange<T>(
  tx: Tx,
  chain: AuditChain,
  companyId: CompanyId,
  work: (change: Change) => Promise<T>,
): Promise<T> {
  const ledger = await findLedgerLocked(tx.db, companyId)
  if (ledger === undefined) throw new AppError('company_not_found', 'There is no such company.')
  const issueId = <Kind extends string>(kind: Kind): Id<Kind> => {
    const id = nextId(kind, {
      nowMs: tx.nowMs,
      randomBytes: tx.randomBytes,
      after: ledger.last_id as Id<string>,
    })
    ledger.last_id = id
    return id
  }
  let isMoved = false
  const result = await work({
    ...tx,
    ledger,
    nextId: issueId,
    async record(event) {
      isMoved = true
      await append(tx, chain, ledger, issueId('evt'), event)
    },
  })
  // No event, no change: a request that altered nothing leaves the row alone too.
  if (isMoved) await saveLedger(tx.db, ledger)
  return result
}

async function append(tx: Tx, chain: AuditChain, ledger: Ledger, id: string, event: NewEvent): Promise<void> {
  const unchained = {
    company_id: ledger.id,
    id,
    sequence: ledger.audit_count + 1,
    at: tx.nowMs,
    action: event.action,
    actor_type: tx.actor.type,
    actor_id: tx.actor.id,
    actor_user_id: tx.actor.userId,
    object_type: event.object.type,
    object_id: event.object.id,
    address: tx.actor.address,
    request_id: tx.actor.requestId,
    changes: JSON.stringify(event.changes ?? {}),
  }
  const hash = chain.hash(ledger.audit_head, unchained)
  await insertAuditEvent(tx.db, { ...unchained, hash })
  ledger.audit_count += 1
  ledger.audit_head = hash
  ledger.audit_seal = chain.seal(ledger.id, ledger.audit_count, hash)
}
