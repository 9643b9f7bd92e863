import { isId, type UserId } from '@latchkey/core/ids'
import { findCompany, findCompanyByExternalId } from '../storage/companies.ts'
import type { Engine } from '../storage/engine.ts'
import { findUser, findUserByExternalId } from '../storage/users.ts'
import type { OutsideToken } from './outside-issuers.ts'

/** Our user whom an outside token names. Asked at each use: an external id may have moved to another user. */
export async function findOutsideUser(
  engine: Engine,
  { company, user }: OutsideToken,
): Promise<UserId | undefined> {
  return engine.read(async (db) => {
    const companyRow =
      company.by === 'externalId'
        ? await findCompanyByExternalId(db, company.value)
        : isId('cmp', company.value)
          ? await findCompany(db, company.value)
          : undefined
    if (companyRow === undefined) return undefined
    if (user.by === 'externalId') return (await findUserByExternalId(db, companyRow.id, user.value))?.id
    return isId('usr', user.value) ? (await findUser(db, companyRow.id, user.value))?.id : undefined
  })
}
