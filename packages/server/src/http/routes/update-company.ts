import { updateCompany as update } from '../../companies/update-company.ts'
import type { Handler } from '../context.ts'
import { presentCompany } from '../present-company.ts'

export const updateCompany: Handler<'updateCompany'> = async (deps, { actor, params, body }) => {
  const row = await deps.write(actor, (tx) => update(tx, deps.chain, params.companyId, body))
  return { body: presentCompany(row) }
}
