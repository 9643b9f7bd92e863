import type { Actor } from '@latchkey/core/principal'
import { insertAuditEvent } from '../storage/audit.ts'
import type { Ledger } from '../storage/ledger.ts'
import type { Db } from '../storage/schema.ts'
import type { AuditChain } from './chain.ts'

/** Field by field, before and after. Never a secret. */
export type FieldChanges = Readonly<Record<string, readonly [before: unknown, after: unknown]>>

export type NewEvent = {
  readonly action: string
  readonly object: { readonly type: 'key' | 'user' | 'company' | 'session'; readonly id: string }
  readonly changes?: FieldChanges
}

type Tx = { readonly db: Db; readonly nowMs: number; readonly actor: Actor; readonly chain: AuditChain }

/** Adds an event to the chain of the company whose row is held: `ledger` moves with it, and is saved by the caller. */
export async function appendEvent(tx: Tx, ledger: Ledger, id: string, event: NewEvent): Promise<void> {
  const { chain, actor } = tx
  const unchained = {
    company_id: ledger.id,
    id,
    sequence: ledger.audit_count + 1,
    at: tx.nowMs,
    action: event.action,
    actor_type: actor.type,
    actor_id: actor.id,
    actor_user_id: actor.userId,
    object_type: event.object.type,
    object_id: event.object.id,
    address: actor.address,
    request_id: actor.requestId,
    changes: JSON.stringify(event.changes ?? {}),
  }
  const hash = chain.hash(ledger.audit_head, unchained)
  await insertAuditEvent(tx.db, { ...unchained, hash })
  ledger.audit_count += 1
  ledger.audit_head = hash
  ledger.audit_seal = chain.seal(ledger.id, ledger.audit_count, hash)
}
