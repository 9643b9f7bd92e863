import { isId, type UserId } from '@latchkey/core/ids'
import type { OutsideSubject } from '@latchkey/core/principal'
import { findCompany, findCompanyByExternalId } from './companies.ts'
import type { Db } from './schema.ts'
import { findUser, findUserByExternalId } from './users.ts'

/** Our user whom an outside token names. Asked at each use: an external id may have moved to another user. */
export async function findOutsideUser(
  db: Db,
  { company, user }: OutsideSubject,
): Promise<UserId | undefined> {
  const companyRow =
    company.by === 'externalId'
      ? await findCompanyByExternalId(db, company.value)
      : isId('cmp', company.value)
        ? await findCompany(db, company.value)
        : undefined
  if (companyRow === undefined) return undefined
  if (user.by === 'externalId') return (await findUserByExternalId(db, companyRow.id, user.value))?.id
  return isId('usr', user.value) ? (await findUser(db, companyRow.id, user.value))?.id : undefined
}
