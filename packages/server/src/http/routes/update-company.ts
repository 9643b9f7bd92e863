import { isId } from '@latchkey/core/ids'
import { companyNotFound, updateCompany as update } from '../../companies/update-company.ts'
import { presentCompany } from '../present/present-company.ts'
import type { Handler } from '../schema/context.ts'

export const updateCompany: Handler<'updateCompany'> = async (
  deps,
  { requester, params: { companyId }, body },
) => {
  if (!isId('cmp', companyId)) throw companyNotFound()
  const row = await deps.change(requester, companyId, (change) => update(change, body), {
    isRevocation: body.status === 'inactive',
  })
  return { body: presentCompany(row) }
}
