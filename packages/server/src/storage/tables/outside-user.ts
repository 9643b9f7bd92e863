import { isId, type UserId } from '@latchkey/core/ids'
import type { OutsideName, OutsideSubject, SpokenFor } from '@latchkey/core/principal'
import { findCompany, findCompanyByExternalId } from './companies.ts'
import type { Company } from './company.ts'
import type { Db } from './schema.ts'
import { findUser, findUserByExternalId } from './users.ts'

/**
 * Our user whom an outside token names, in a company that its issuer speaks for. Asked at each use: an external
 * id may have moved to another user, or to another company. `onMissing` is told what was not found, in words that
 * hold nothing of the token.
 */
export async function findOutsideUser(
  db: Db,
  { companies, company, user }: OutsideSubject,
  onMissing: (what: string) => void = () => {},
): Promise<UserId | undefined> {
  const companyRow = await findNamedCompany(db, company)
  if (companyRow === undefined) {
    onMissing('no company has the id that the token names')
    return undefined
  }
  if (!isSpokenFor(companyRow, companies)) {
    onMissing(`companies does not list ${companyRow.id}`)
    return undefined
  }
  const userRow =
    user.by === 'externalId'
      ? await findUserByExternalId(db, companyRow.id, user.value)
      : isId('usr', user.value)
        ? await findUser(db, companyRow.id, user.value)
        : undefined
  if (userRow === undefined) onMissing(`no user of ${companyRow.id} has the id that the token names`)
  return userRow?.id
}

async function findNamedCompany(db: Db, { by, value }: OutsideName): Promise<Company | undefined> {
  const isOurs = isId('cmp', value)
  if (by === 'externalId' || (by === 'either' && !isOurs)) return findCompanyByExternalId(db, value)
  return isOurs ? findCompany(db, value) : undefined
}

/** A text in the form of our ids is one, here as in the issuers file: no external id may pass for it. */
function isSpokenFor({ id, externalId, isOperator }: Company, { named, isEveryTenant }: SpokenFor): boolean {
  if (named.has(id)) return true
  if (externalId !== null && !isId('cmp', externalId) && named.has(externalId)) return true
  return isEveryTenant && !isOperator
}
