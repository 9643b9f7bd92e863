import type { ConsoleSetup } from '@latchkey/contract/schemas/console'
import { AppError, inputError } from '@latchkey/core/error'
import type { SessionId } from '@latchkey/core/ids'
import { networkOf } from '@latchkey/core/network'
import { openSession } from '../../auth/session.ts'
import { findWeakness } from '../../auth/weak-password.ts'
import { requesterAsUser } from '../../changes/requester.ts'
import { updateCompany } from '../../companies/update-company.ts'
import { findPasswordsFor } from '../../storage/tables/passwords.ts'
import { findInvitedUser } from '../../storage/tables/people.ts'
import { consoleLinkHash } from '../../users/console-link.ts'
import { linkRefused, setUpOwner } from '../../users/set-up-owner.ts'
import { refuseUnknown } from '../admission/authenticate.ts'
import type { HandlerDeps } from '../schema/context.ts'
import { actorOf } from '../schema/request-context.ts'
import type { Incoming } from '../wire/incoming.ts'

/** Spends the link of the terminal: names the company, makes its owner a person with a password, and signs it in. */
export async function setUp(deps: HandlerDeps, request: Incoming, body: ConsoleSetup): Promise<SessionId> {
  const { address } = request
  const link = consoleLinkHash(deps.derivedKeys.consoleLink, body.token)
  const owner = await deps.engine.read((db) => findInvitedUser(db, link, deps.clock.nowMs()))
  if (owner?.status !== 'active') throw refused(deps, request)
  const { name, password, companyName } = body
  const email = body.email.toLowerCase()
  const weakness = findWeakness(password, { name, email })
  if (weakness !== undefined) {
    throw inputError([{ pointer: '/password', code: 'invalid_field', detail: weakness }])
  }
  const beside = await deps.engine.read((db) => findPasswordsFor(db, email, owner.id))
  const turn = { network: networkOf(address), isKnown: true }
  const hash = await deps.passwords.hash(password, { id: owner.id, email }, beside, turn)
  const requester = requesterAsUser(actorOf(request), owner.companyId, owner.id)
  try {
    return await deps.change(requester, owner.companyId, (change) =>
      setUpOwner(change, link, { name, email, hash }, async (asHost) => {
        await updateCompany(asHost, { name: companyName })
        return openSession(asHost, owner.id)
      }),
    )
  } catch (error) {
    if (error instanceof AppError && error.code === 'invalid_credentials') throw refused(deps, request)
    throw error
  }
}

/** Whoever guesses at links is counted as one who guesses at keys. */
function refused(deps: HandlerDeps, { address }: Incoming): AppError {
  const refusal = refuseUnknown(deps.failedAttempts, { address, nowMs: deps.clock.nowMs() })
  return refusal.code === 'rate_limited' ? refusal : linkRefused()
}
