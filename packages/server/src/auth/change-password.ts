import type { Address } from '@latchkey/core/address'
import { inputError } from '@latchkey/core/error'
import { networkOf } from '@latchkey/core/network'
import type { Change } from '../changes/change.ts'
import type { Changes } from '../changes/changes.ts'
import type { Requester } from '../changes/requester.ts'
import type { Engine } from '../storage/engine.ts'
import {
  findPassword,
  findPasswordsFor,
  findSignIns,
  type SignInRow,
  upsertPassword,
} from '../storage/tables/passwords.ts'
import { deleteInvitationsOf, endSessionsOf } from '../storage/tables/people.ts'
import type { User } from '../storage/tables/user.ts'
import { findUser } from '../storage/tables/users.ts'
import { networkTagOf } from './network-tag.ts'
import type { Match, Passwords } from './password.ts'
import { requireSession } from './session.ts'
import type { SignInLimits } from './sign-in-limits.ts'
import { findWeakness } from './weak-password.ts'

type Deps = {
  readonly engine: Engine
  readonly change: Changes['change']
  readonly passwords: Passwords
  readonly signInLimits: SignInLimits
  readonly derivedKeys: { readonly password: Uint8Array }
}

type NewPassword = { readonly currentPassword: string; readonly password: string }

/**
 * Replaces the password of whoever is signed in, and ends its other sessions. false: the current one is wrong. Guessing
 * is slowed down as at sign-in: the browser may have been left open. Throws AppError `rate_limited`, `invalid_field`.
 */
export async function changePassword(
  deps: Deps,
  requester: Requester,
  { currentPassword, password }: NewPassword,
  { nowMs, address }: { readonly nowMs: number; readonly address: Address | undefined },
): Promise<boolean> {
  const { principal } = requester
  requireSession(principal)
  const [companyId, userId] = [principal.homeCompanyId!, principal.userId!]
  const user = await deps.engine.read((db) => findUser(db, companyId, userId))
  // Without an address there is no password to sign in with.
  if (user?.email == null) return false
  const owner = { ...user, email: user.email }
  const weakness = findWeakness(password, owner)
  if (weakness !== undefined) throw refusedPassword(weakness)
  const known = await prove(deps, owner, currentPassword, { nowMs, address })
  if (known === undefined) return false
  if (password === currentPassword) throw refusedPassword('is the one you have: choose another.')
  const beside = await deps.engine.read((db) => findPasswordsFor(db, owner.email, userId))
  const turn = { network: networkOf(address), isKnown: true }
  const hash = await deps.passwords.hash(password, owner, beside, turn)
  const work = (change: Change) => replace(change, owner, { known, hash })
  return deps.change(requester, companyId, work, { isRevocation: true })
}

type Owner = User & { readonly email: string }

/** The password as it is stored, where it is right. */
async function prove(
  { engine, passwords, signInLimits, derivedKeys }: Deps,
  { id, email }: Owner,
  password: string,
  { nowMs, address }: { readonly nowMs: number; readonly address: Address | undefined },
): Promise<Match<SignInRow> | undefined> {
  const network = networkOf(address)
  const networkTag = networkTagOf(derivedKeys.password, network)
  const rows = await engine.read((db) => findSignIns(db, email, networkTag))
  const own: readonly SignInRow[] = rows.filter((row) => row.user_id === id)
  const isKnown = own.some((row) => row.is_known)
  const attempt = signInLimits.begin({ name: email, address, isKnown }, nowMs)
  try {
    const [match] = await passwords.match(password, email, own, { network, isKnown })
    // Of several users of one address, who is right about its own may guess at the others: no new tries for that.
    const success = rows.length > 1 ? 'dropped' : 'succeeded'
    attempt.end(match === undefined ? 'failed' : success)
    return match
  } finally {
    attempt.end('dropped')
  }
}

/** Answers false when the password or the address is another by now. */
async function replace(
  change: Change,
  { id: userId, email }: Owner,
  { known, hash }: { readonly known: Match<SignInRow>; readonly hash: string },
): Promise<boolean> {
  const { db, nowMs, principal, ledger, record, revoke } = change
  const [password, user] = [await findPassword(db, userId), await findUser(db, ledger.id, userId)]
  if (password === undefined || user?.email !== email) return false
  // By a sign-in of the same moment it may have been renewed already, which is no change.
  if (password.hash !== known.candidate.hash && password.hash !== known.renewed) return false
  // Its giver stays: a change must not make a password good for more than it was given for.
  await upsertPassword(db, { ...password, hash, updated_at: nowMs })
  await deleteInvitationsOf(db, userId)
  await endSessionsOf(db, userId, nowMs, requireSession(principal))
  await record({ action: 'user.password_set', object: { type: 'user', id: userId }, isUrgent: true })
  revoke({ scope: 'user', id: userId })
  return true
}

const refusedPassword = (detail: string) =>
  inputError([{ pointer: '/password', code: 'invalid_field', detail }])
