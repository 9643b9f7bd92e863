import { createHmac, createSecretKey } from 'node:crypto'
import type { AuditEventRow } from '../storage/schema.ts'

/** What the chain of a new company starts from. */
export const CHAIN_START = Buffer.alloc(32)

/** An event before it has its place in the chain. */
type UnchainedEvent = Omit<AuditEventRow, 'hash'>

export type AuditChain = {
  /** HMAC-SHA-256 over the previous hash and the event's canonical form. */
  hash(previous: Uint8Array, event: UnchainedEvent): Buffer
  /** HMAC-SHA-256 over a company's count and head: a chain cut short no longer fits it. */
  seal(companyId: string, count: number, head: Uint8Array): Buffer
}

/** Whoever can write to the database but has not the server secret cannot make a chain that holds. */
export function createAuditChain(auditKey: Uint8Array): AuditChain {
  // Made once: from bytes, each HMAC would make a key of its own.
  const key = createSecretKey(auditKey)
  return {
    hash: (previous, event) => createHmac('sha256', key).update(previous).update(canonical(event)).digest(),
    seal: (companyId, count, head) =>
      createHmac('sha256', key)
        .update(JSON.stringify(['seal', companyId, count]))
        .update(head)
        .digest(),
  }
}

/** One text for one event: an array has no order of names to disagree about. */
function canonical(event: UnchainedEvent): string {
  return JSON.stringify([
    'event',
    event.company_id,
    event.id,
    event.sequence,
    event.at,
    event.action,
    event.actor_type,
    event.actor_id,
    event.actor_user_id,
    event.object_type,
    event.object_id,
    event.address,
    event.request_id,
    event.changes,
  ])
}
