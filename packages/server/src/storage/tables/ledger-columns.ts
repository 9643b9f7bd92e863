import type { CompanyId } from '@latchkey/core/ids'

/* The part of a company that every write in it moves, and the columns that hold it: see key.ts. */

export type Ledger = {
  readonly id: CompanyId
  readonly status: 'active' | 'inactive'
  readonly isOperator: boolean
  /** The last id given inside the company, of any kind: the next one is greater. */
  lastId: string
  usersCount: number
  keysActive: number
  keysInactive: number
  auditCount: number
  auditHead: Uint8Array
  /** Count and head under the audit key, so that cutting the chain short shows. */
  auditSeal: Uint8Array
  /** How many events were pruned from the start of the chain, and the hash of the last of them. */
  auditCut: number
  auditCutHead: Uint8Array | null
}

export type LedgerColumns = {
  last_id: string
  users_count: number
  keys_active: number
  keys_inactive: number
  audit_count: number
  audit_head: Uint8Array
  audit_seal: Uint8Array
  audit_cut: number
  audit_cut_head: Uint8Array | null
}

type LedgerRow = LedgerColumns & {
  readonly id: CompanyId
  readonly status: 'active' | 'inactive'
  readonly is_operator: 0 | 1
}

export const ledgerOf = (row: LedgerRow): Ledger => ({
  id: row.id,
  status: row.status,
  isOperator: row.is_operator === 1,
  lastId: row.last_id,
  usersCount: row.users_count,
  keysActive: row.keys_active,
  keysInactive: row.keys_inactive,
  auditCount: row.audit_count,
  auditHead: row.audit_head,
  auditSeal: row.audit_seal,
  auditCut: row.audit_cut,
  auditCutHead: row.audit_cut_head,
})

export const columnsOfLedger = (ledger: Ledger): LedgerColumns => ({
  last_id: ledger.lastId,
  users_count: ledger.usersCount,
  keys_active: ledger.keysActive,
  keys_inactive: ledger.keysInactive,
  audit_count: ledger.auditCount,
  audit_head: ledger.auditHead,
  audit_seal: ledger.auditSeal,
  audit_cut: ledger.auditCut,
  audit_cut_head: ledger.auditCutHead,
})
