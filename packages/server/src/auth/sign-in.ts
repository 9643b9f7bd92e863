import type { Address } from '@latchkey/core/address'
import type { CompanyId, SessionId, UserId } from '@latchkey/core/ids'
import { networkOf, UNKNOWN_NETWORK } from '@latchkey/core/network'
import type { Actor } from '@latchkey/core/principal'
import type { Changes } from '../changes/changes.ts'
import { requesterAsUser } from '../changes/requester.ts'
import type { Engine } from '../storage/engine.ts'
import {
  findPassword,
  findSignIns,
  type SignInRow,
  updatePasswordHash,
  upsertKnownNetwork,
} from '../storage/tables/passwords.ts'
import { findUser } from '../storage/tables/users.ts'
import { networkTagOf } from './network-tag.ts'
import type { Match, Passwords } from './password.ts'
import { openSession } from './session.ts'
import type { SignInLimits } from './sign-in-limits.ts'

type Deps = {
  readonly engine: Engine
  readonly change: Changes['change']
  readonly passwords: Passwords
  readonly signInLimits: SignInLimits
  readonly derivedKeys: { readonly password: Uint8Array }
}

export type SignIn = {
  readonly username: string
  readonly password: string
  /** Where the address and the password are those of users of several companies. Absent: the oldest of them. */
  readonly companyId?: string | null
}
export type SignInAt = {
  readonly nowMs: number
  readonly actor: Actor
  readonly address: Address | undefined
}
export type StartedSession = {
  readonly sessionId: SessionId
  readonly userId: UserId
  readonly companyId: CompanyId
}

/**
 * Starts a session for an email address and its password. undefined: one of the two is wrong, or the user has
 * no password: one answer, in the same time. Throws AppError `rate_limited` while there were too many wrong ones;
 * what else it throws is our own failure, and is counted to nobody.
 */
export async function signIn(
  deps: Deps,
  { username, password, companyId }: SignIn,
  { nowMs, actor, address }: SignInAt,
): Promise<StartedSession | undefined> {
  const email = username.toLowerCase()
  const network = networkOf(address)
  const networkTag = networkTagOf(deps.derivedKeys.password, network)
  const rows = await deps.engine.read((db) => findSignIns(db, email, networkTag))
  const { attempt, candidates, isKnown } = begin(deps.signInLimits, rows, { name: email, address }, nowMs)
  try {
    const matches = await deps.passwords.match(password, email, candidates, { network, isKnown })
    const wanted = matches.filter(
      ({ candidate }) =>
        candidate.status === 'active' &&
        (companyId === undefined || companyId === null || candidate.company_id === companyId),
    )
    const match = wanted.find(({ candidate }) => candidate.company_status === 'active') ?? wanted[0]
    const start = { email, networkTag: network === UNKNOWN_NETWORK ? undefined : networkTag }
    const started = match === undefined ? undefined : await startSession(deps, match, start, actor)
    // Where several users share the address, one that signs in may guess at the others': success gives no new tries.
    const success = rows.length > 1 ? 'dropped' : 'succeeded'
    attempt.end(started === undefined ? 'failed' : success)
    return started
  } finally {
    attempt.end('dropped')
  }
}

/**
 * The users whose password it may be. Where only some users of the address signed in from here before, one of these may
 * be guessing at the others: first it has a stranger's tries at all of them, and after those a known user's tries at
 * the known ones only. Throws AppError `rate_limited`.
 */
function begin(
  limits: SignInLimits,
  rows: readonly SignInRow[],
  who: { readonly name: string; readonly address: Address | undefined },
  nowMs: number,
) {
  const known = rows.filter((row) => row.is_known)
  const start = (candidates: readonly SignInRow[], isKnown: boolean) => ({
    attempt: limits.begin({ ...who, isKnown }, nowMs),
    candidates,
    isKnown,
  })
  if (known.length === 0) return start(rows, false)
  if (known.length === rows.length) return start(rows, true)
  const mayTryAll = limits.secondsLeft({ ...who, isKnown: false }, nowMs) === 0
  return mayTryAll ? start(rows, false) : start(known, true)
}

type Start = { readonly email: string; readonly networkTag: Uint8Array | undefined }

async function startSession(
  { change }: Deps,
  { candidate, renewed }: Match<SignInRow>,
  { email, networkTag }: Start,
  actor: Actor,
): Promise<StartedSession | undefined> {
  const { user_id: userId, company_id: companyId, hash } = candidate
  return change(requesterAsUser(actor, companyId, userId), companyId, async (open) => {
    const { db, nowMs } = open
    // While the password was being checked it may have been changed or ended, and the user too.
    const [password, user] = [await findPassword(db, userId), await findUser(db, companyId, userId)]
    if (password === undefined || user?.status !== 'active') return undefined
    // By another sign-in of the same moment it may have been renewed already, which is no change.
    if (password.hash !== hash && password.hash !== renewed) return undefined
    if (password.email !== email || user.email !== email) return undefined
    if (renewed !== undefined) await updatePasswordHash(db, userId, renewed)
    if (networkTag !== undefined) await upsertKnownNetwork(db, userId, networkTag, nowMs)
    return { sessionId: await openSession(open, userId), userId, companyId }
  })
}
