import { AppError } from '@latchkey/core/error'
import { isId } from '@latchkey/core/ids'
import { isRepeatable } from '@latchkey/core/repeatable'
import { findWeakness } from '../auth/weak-password.ts'
import { requesterOnHost } from '../changes/requester.ts'
import type { Services } from '../services.ts'
import type { Engine } from '../storage/engine.ts'
import { findOperatorCompany } from '../storage/tables/companies.ts'
import { listingOfUsers } from '../storage/tables/listing/listings.ts'
import { listPage } from '../storage/tables/listing/page.ts'
import { findPasswordsFor } from '../storage/tables/passwords.ts'
import type { User } from '../storage/tables/user.ts'
import { findUserInDeployment, findUsers, findUsersByEmail } from '../storage/tables/users.ts'
import { setPassword } from '../users/set-password.ts'
import { noCompanyYet } from './no-company-yet.ts'

/**
 * Sets a user's password and ends its sessions, by id or email: for whoever runs a command on the server.
 * Throws AppError `user_not_found`, `user_inactive`, `invalid_field` for a password that is easily guessed.
 */
export async function setPasswordOnHost(
  services: Pick<Services, 'engine' | 'change' | 'passwords'>,
  idOrEmail: string,
  password: string,
): Promise<User> {
  const user = await getUserOnHost(services.engine, idOrEmail)
  const weakness = findWeakness(password, user)
  if (weakness !== undefined) throw new AppError('invalid_field', `The password ${weakness}`)
  const { id: userId, email } = user
  const beside = email === null ? [] : await services.engine.read((db) => findPasswordsFor(db, email, userId))
  const hash = await services.passwords.hash(password, user, beside, ON_HOST)
  const isSet = await services.change(requesterOnHost(user.companyId), user.companyId, (change) =>
    setPassword(change, { userId, email, hash }),
  )
  if (!isSet) throw new AppError('user_inactive', 'The user is deactivated: activate it first.')
  return user
}

const ON_HOST = { network: 'host', isKnown: true }

/** A user of any company by id or email. Throws AppError `user_not_found`: also where several have the email. */
export async function getUserOnHost(engine: Engine, idOrEmail: string): Promise<User> {
  const [user, ...others] = await engine.read(async (db) => {
    if (!isId('usr', idOrEmail)) return findUsersByEmail(db, idOrEmail, SHOWN_MAX)
    const found = await findUserInDeployment(db, idOrEmail)
    return found === undefined ? [] : [found]
  })
  if (user !== undefined && others.length > 0) {
    const shown = [user, ...others].map(({ id, name, companyId }) => `${id} (${name}, ${companyId})`)
    throw new AppError(
      'user_not_found',
      `Users of several companies have the email ${idOrEmail}: name one by its id: ${shown.join(', ')}.`,
    )
  }
  if (user !== undefined) return user
  throw new AppError(
    'user_not_found',
    `No user has the id or email ${isNamed(idOrEmail) ? idOrEmail : 'given'}: latchkey keys create, without --user, lists some.`,
  )
}

/** Anything else may be a secret that was pasted in its place. */
const isNamed = (text: string): boolean =>
  isId('usr', text) || isRepeatable(text) || /^[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,5}[a-z]{2,24}$/i.test(text)

const SHOWN_MAX = 20

/** Some users of the operator's company, newest first. */
export async function listOperatorUsers({ engine }: Pick<Services, 'engine'>): Promise<User[]> {
  return engine.read(async (db) => {
    const company = await findOperatorCompany(db)
    if (company === undefined) throw noCompanyYet()
    const page = await listPage(
      db,
      listingOfUsers(company.id),
      { limit: SHOWN_MAX, offset: 0 },
      { chunkRows: SHOWN_MAX, pause: async () => {} },
    )
    const rows = await findUsers(db, company.id, page.ids)
    return page.ids.map((id) => rows.get(id)!)
  })
}
