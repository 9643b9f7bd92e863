import type { ChangeRows } from '../../src/changes/changes.ts'
import type { Ledger } from '../../src/storage/tables/ledger-columns.ts'
import type { Db } from '../../src/storage/tables/schema.ts'
import type { ModelDb } from './model-engine.ts'

const modelOf = (db: Db): ModelDb => db as unknown as ModelDb

/** What a change holds and reads, of the model of a store. Nothing is recorded in it: a ledger is only a company. */
export const MODEL_ROWS: ChangeRows = {
  holdCompany: async (db, companyId) => {
    await modelOf(db).lockCompany(companyId)
  },
  findLedgerLocked: async (db, companyId) => {
    await modelOf(db).lockCompany(companyId)
    return { id: companyId } as Ledger
  },
  findVerifiable: (db, id) => modelOf(db).findVerifiable(id),
  findOutsideUser: async () => undefined,
}
