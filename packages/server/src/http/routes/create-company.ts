import { createCompany as create } from '../../companies/create-company.ts'
import { presentCompany } from '../present/present-company.ts'
import type { Handler } from '../schema/context.ts'
import { etagOf } from '../wire/if-match.ts'
import { once } from './once.ts'

export const createCompany: Handler<'createCompany'> = (deps, context) =>
  once(deps, context, async (change) => {
    const { name, externalId } = context.body
    const row = await create(change, { name, ...(externalId === undefined ? {} : { externalId }) })
    return { headers: { location: `/companies/${row.id}`, etag: etagOf(row) }, body: presentCompany(row) }
  })
