import type { CompanyId } from '@latchkey/core/ids'
import { prepared } from './prepared.ts'
import type { CompanyRow, Db } from './schema.ts'

/**
 * The part of a company's row that every write in the company moves: last id, counters, audit head.
 * Taken first, so that writes in one company form a line, and saved last.
 */
export type Ledger = Pick<
  CompanyRow,
  | 'id'
  | 'status'
  | 'is_operator'
  | 'last_id'
  | 'users_count'
  | 'keys_active'
  | 'keys_inactive'
  | 'audit_count'
  | 'audit_head'
  | 'audit_seal'
  | 'audit_cut'
  | 'audit_cut_head'
>

const COLUMNS = [
  'id',
  'status',
  'is_operator',
  'last_id',
  'users_count',
  'keys_active',
  'keys_inactive',
  'audit_count',
  'audit_head',
  'audit_seal',
  'audit_cut',
  'audit_cut_head',
] as const

export async function findLedger(db: Db, companyId: CompanyId): Promise<Ledger | undefined> {
  return db.selectFrom('companies').select(COLUMNS).where('id', '=', companyId).executeTakeFirst()
}

export async function findLedgers(db: Db, ids: readonly CompanyId[]): Promise<Ledger[]> {
  if (ids.length === 0) return []
  return db.selectFrom('companies').select(COLUMNS).where('id', 'in', ids).orderBy('id').execute()
}

/** In the order of their companies, for work that goes through all of them. */
export async function listLedgersAfter(db: Db, after: string, limit: number): Promise<Ledger[]> {
  return db
    .selectFrom('companies')
    .select(COLUMNS)
    .where('id', '>', after as CompanyId)
    .orderBy('id')
    .limit(limit)
    .execute()
}

/** Nothing in the company changes until the transaction ends; others may hold it too. */
export async function holdCompany(db: Db, companyId: CompanyId): Promise<void> {
  await companyHeld(db, { companyId })
}

const companyHeld = prepared((db, { companyId }: { companyId: CompanyId }) =>
  db.selectFrom('companies').select('id').where('id', '=', companyId).forShare(),
)

/** The same, and nobody else writes in the company until the transaction ends. */
export async function findLedgerLocked(db: Db, companyId: CompanyId): Promise<Ledger | undefined> {
  const [ledger] = await ledgerLocked(db, { companyId })
  return ledger
}

const ledgerLocked = prepared((db, { companyId }: { companyId: CompanyId }) =>
  db.selectFrom('companies').select(COLUMNS).where('id', '=', companyId).forUpdate(),
)

export async function saveLedger(db: Db, ledger: Ledger): Promise<void> {
  await ledgerUpdate(db, ledger)
}

/** The same, with where the chain starts. */
export async function saveLedgerWithCut(db: Db, ledger: Ledger): Promise<void> {
  const { id, audit_cut: cut, audit_cut_head: cutHead } = ledger
  await ledgerUpdate(db, ledger)
  await db
    .updateTable('companies')
    .set({ audit_cut: cut, audit_cut_head: cutHead })
    .where('id', '=', id)
    .execute()
}

const ledgerUpdate = prepared(
  (
    db,
    {
      id,
      status: _status,
      is_operator: _isOperator,
      audit_cut: _cut,
      audit_cut_head: _cutHead,
      ...moved
    }: Ledger,
  ) => db.updateTable('companies').set(moved).where('id', '=', id),
)
