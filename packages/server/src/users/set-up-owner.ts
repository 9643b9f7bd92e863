import { AppError } from '@latchkey/core/error'
import type { SessionId } from '@latchkey/core/ids'
import { hostPrincipal } from '@latchkey/core/principal'
import type { Change } from '../changes/change.ts'
import { findInvitation } from '../storage/tables/people.ts'
import { findOwnerWithoutPassword } from './console-link.ts'
import { setPassword } from './set-password.ts'
import { updateUser } from './update-user.ts'

export type Owner = {
  readonly name: string
  readonly email: string
  /** Of the password, made for this user and this address outside the transaction. */
  readonly hash: string
}

/**
 * Makes the company's first owner somebody who can sign in, with the link that the host gave out; uses up every link.
 * `link`: its hash. `goOn`: what else belongs to it. Throws AppError `invalid_credentials`, and what changing a user
 * throws.
 */
export async function setUpOwner(
  change: Change,
  link: Uint8Array,
  { name, email, hash }: Owner,
  goOn: (change: Change) => Promise<SessionId>,
): Promise<SessionId> {
  const owner = await findOwnerWithoutPassword(change)
  const invitation = await findInvitation(change.db, link, change.nowMs)
  if (owner === undefined || invitation?.user_id !== owner.id) throw linkRefused()
  // The link came from the host: what is done with it is done with the host's authority.
  const asHost: Change = { ...change, principal: hostPrincipal(change.ledger.id) }
  await updateUser(asHost, owner.id, { name, email })
  const isSet = await setPassword(asHost, { userId: owner.id, email: email.toLowerCase(), hash })
  if (!isSet) throw linkRefused()
  return goOn(asHost)
}

export function linkRefused(): AppError {
  return new AppError(
    'invalid_credentials',
    'This link is unknown, used or over. On the machine that runs Latchkey, npx latchkey console-link prints another.',
  )
}
