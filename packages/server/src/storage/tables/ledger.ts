import type { CompanyId } from '@latchkey/core/ids'
import { prepared } from '../prepared.ts'
import { columnsOfLedger, type Ledger, type LedgerColumns, ledgerOf } from './ledger-columns.ts'
import type { Db } from './schema.ts'

/*
 * Taken first, so that writes in one company form a line, and saved last.
 */

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
  const row = await db.selectFrom('companies').select(COLUMNS).where('id', '=', companyId).executeTakeFirst()
  return row === undefined ? undefined : ledgerOf(row)
}

export async function findLedgers(db: Db, ids: readonly CompanyId[]): Promise<Ledger[]> {
  if (ids.length === 0) return []
  const rows = await db.selectFrom('companies').select(COLUMNS).where('id', 'in', ids).orderBy('id').execute()
  return rows.map(ledgerOf)
}

/** In the order of their companies, for work that goes through all of them. */
export async function listLedgersAfter(db: Db, after: string, limit: number): Promise<Ledger[]> {
  const rows = await db
    .selectFrom('companies')
    .select(COLUMNS)
    .where('id', '>', after as CompanyId)
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(ledgerOf)
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
  const [row] = await ledgerLocked(db, { companyId })
  return row === undefined ? undefined : ledgerOf(row)
}

const ledgerLocked = prepared((db, { companyId }: { companyId: CompanyId }) =>
  db.selectFrom('companies').select(COLUMNS).where('id', '=', companyId).forUpdate(),
)

export async function saveLedger(db: Db, ledger: Ledger): Promise<void> {
  const { audit_cut: _cut, audit_cut_head: _cutHead, ...moved } = columnsOfLedger(ledger)
  await ledgerUpdate(db, { id: ledger.id, ...moved })
}

/** The same, with where the chain starts. */
export async function saveLedgerWithCut(db: Db, ledger: Ledger): Promise<void> {
  await db.updateTable('companies').set(columnsOfLedger(ledger)).where('id', '=', ledger.id).execute()
}

type Moved = Omit<LedgerColumns, 'audit_cut' | 'audit_cut_head'> & { readonly id: CompanyId }

const ledgerUpdate = prepared((db, { id, ...moved }: Moved) =>
  db.updateTable('companies').set(moved).where('id', '=', id),
)
