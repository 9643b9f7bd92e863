import type { holdRows } from '../../src/changes/held-rows.ts'
import type { Ledger } from '../../src/storage/tables/ledger-columns.ts'
import type { Db } from '../../src/storage/tables/schema.ts'
import type { ModelDb } from './model-engine.ts'

const modelOf = (db: Db): ModelDb => db as unknown as ModelDb

/** What a change holds and reads, of the model of a store. Nothing is recorded in it: a ledger is only a company. */
export const holdModelRows: typeof holdRows = async (db, { id, homeCompanyId }, companyId) => {
  const model = modelOf(db)
  await model.lockCompany(companyId)
  if (homeCompanyId !== null && homeCompanyId !== companyId) await model.lockCompany(homeCompanyId)
  const record = id === null ? undefined : await model.findVerifiable(id)
  return { ledger: { id: companyId } as Ledger, record }
}
