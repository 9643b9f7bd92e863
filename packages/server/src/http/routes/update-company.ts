import { isId } from '@latchkey/core/ids'
import { companyNotFound, updateCompany as update } from '../../companies/update-company.ts'
import { presentCompany } from '../present/present-company.ts'
import type { Handler } from '../schema/context.ts'
import { etagOf, parseIfMatch } from '../wire/if-match.ts'

export const updateCompany: Handler<'updateCompany'> = async (deps, context) => {
  const { requester, body } = context
  const { companyId } = context.params
  const isExpected = parseIfMatch(context.header('if-match'))
  if (!isId('cmp', companyId)) throw companyNotFound()
  const row = await deps.change(requester, companyId, (change) => update(change, body, isExpected), {
    isRevocation: body.status === 'inactive',
  })
  return { headers: { etag: etagOf(row) }, body: presentCompany(row) }
}
