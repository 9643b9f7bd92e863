import { nobody } from '@latchkey/core/principal'
import { LIST_SEALED } from '../audit/chain-walk.ts'
import { walkCompanyList } from '../audit/company-list.ts'
import { changeIn, type Tx } from '../changes/change.ts'
import { findOperatorCompany } from '../storage/tables/companies.ts'
import { findDeploymentLocked, updateDeployment } from '../storage/tables/deployment.ts'
import type { Db } from '../storage/tables/schema.ts'

/**
 * Seals the list of companies of a store that an older release made; `check` is what the store notes of its server
 * secret from then on. The operator's company keeps the event, so that it shows when somebody has it done twice. A
 * list that is not as long as the store says is left alone: a person has to look.
 */
export async function sealOlderList(tx: Tx, check: Uint8Array): Promise<void> {
  const operator = await findOperatorCompany(tx.db)
  if (operator === undefined) {
    await sealList(tx, check)
    return
  }
  await changeIn(tx, nobody(operator.id), operator.id, async ({ db, chain, record }) => {
    const companies = await sealList({ db, chain }, check)
    if (companies === undefined) return
    const object = { type: 'company', id: operator.id } as const
    await record({ action: LIST_SEALED, object, changes: { companies: [null, companies] }, isUrgent: true })
  })
}

/** How many companies it has; undefined: it is sealed already, or cannot be. */
async function sealList(
  { db, chain }: { db: Db } & Pick<Tx, 'chain'>,
  check: Uint8Array,
): Promise<number | undefined> {
  const deployment = await findDeploymentLocked(db)
  if (deployment === undefined || deployment.companies_seal !== null) return undefined
  const { count, list } = await walkCompanyList(db, chain)
  if (count !== deployment.companies_count) return undefined
  await updateDeployment(db, { ...list, secret_check: check, companies_count: count })
  return count
}
