import { timingSafeEqual } from 'node:crypto'
import type { CompanyId } from '@latchkey/core/ids'
import { listEventsAfter } from '../storage/audit.ts'
import { findLedger } from '../storage/ledger.ts'
import type { AuditEventRow, Db } from '../storage/schema.ts'
import { type AuditChain, CHAIN_START } from './chain.ts'

/** Events read at once: some 500 KB. */
const CHUNK_ROWS = 1_000

export type ChainReport =
  | { readonly isIntact: true; readonly events: number }
  | {
      readonly isIntact: false
      /** Of the first event that does not fit; undefined: the chain's end does not fit the company's record. */
      readonly eventId: string | undefined
      readonly sequence: number
      readonly reason: string
    }

/**
 * Recomputes a company's chain of audit events from its first. Finds an event that was changed, deleted,
 * inserted, moved, or cut off at the end, and names the first one that does not fit. `onProgress` is called
 * with the number of events read so far.
 */
export async function verifyChain(
  db: Db,
  chain: AuditChain,
  companyId: CompanyId,
  onProgress: (events: number) => void = () => {},
): Promise<ChainReport> {
  const ledger = await findLedger(db, companyId)
  if (ledger === undefined) throw new Error(`${companyId} is missing`)
  let head: Uint8Array = CHAIN_START
  let sequence = 0
  for (;;) {
    const rows = await listEventsAfter(db, companyId, sequence, CHUNK_ROWS)
    for (const row of rows) {
      const reason = faultOf(chain, head, sequence + 1, row)
      if (reason !== undefined) return { isIntact: false, eventId: row.id, sequence: sequence + 1, reason }
      head = row.hash
      sequence = row.sequence
    }
    onProgress(sequence)
    if (rows.length < CHUNK_ROWS) break
  }
  const end = { isIntact: false, eventId: undefined, sequence } as const
  if (!equal(chain.seal(companyId, ledger.audit_count, ledger.audit_head), ledger.audit_seal)) {
    return { ...end, reason: "the company's record of its chain was changed" }
  }
  if (ledger.audit_count !== sequence || !equal(head, ledger.audit_head)) {
    return { ...end, reason: `the chain has ${sequence} events and should have ${ledger.audit_count}` }
  }
  return { isIntact: true, events: sequence }
}

function faultOf(
  chain: AuditChain,
  head: Uint8Array,
  sequence: number,
  row: AuditEventRow,
): string | undefined {
  if (row.sequence !== sequence)
    return `event ${sequence} is missing: the next one there is number ${row.sequence}`
  const { hash, ...unchained } = row
  if (!equal(chain.hash(head, unchained), hash)) return 'its contents or its place do not fit its hash'
  return undefined
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right)
}
