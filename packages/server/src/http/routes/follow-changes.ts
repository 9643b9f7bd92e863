import { AppError } from '@latchkey/core/error'
import { whenKnown } from '@latchkey/core/maybe-promise'
import { sightOf } from '@latchkey/core/principal'
import type { Told } from '../../verification/verifiers/verifiers.ts'
import { presentTime } from '../present/present-time.ts'
import type { Context, Handler } from '../schema/context.ts'

export const followChanges: Handler<'followChanges'> = (deps, context) => {
  const { revocations, clock } = deps
  const { after, hold, nonce, goodbye } = context.body
  const answer = (told: Told) => ({
    body: {
      epoch: told.epoch,
      after,
      through: told.through,
      changes: told.changes.map(({ scope, object_id: id }) => ({ scope, id })),
      reset: told.reset,
      server: revocations.serverId,
      heldMs: told.heldMs,
      provenMsAgo: told.provenMsAgo,
      leaseMs: told.leaseMs,
      now: presentTime(clock.nowMs()),
      nonce,
    },
  })
  return whenKnown(goodbye === true ? dismiss(deps, context) : tell(deps, context, hold), answer)
}

type Deps = Parameters<Handler<'followChanges'>>[0]
type Asking = Context<'followChanges'>

function questionOf({ principal, body: { verifier, epoch, after } }: Asking) {
  const { id, companyId } = principal
  return { verifier, credentialId: id ?? '', companyId, sight: sightOf(principal), epoch, after }
}

/** A credential that was revoked while the answer waited is told nothing. */
function tell({ revocations }: Deps, context: Asking, holdMs: number) {
  return revocations.tell(questionOf(context), {
    holdMs,
    assertWanted() {
      if (context.isWanted()) return context.admitAgain()
      throw new AppError('malformed_request', 'The verifier left before there was something to tell it.')
    },
  })
}

function dismiss({ revocations }: Deps, context: Asking) {
  revocations.dismiss(questionOf(context))
  const { epoch, revision } = revocations.position()
  return { epoch, through: revision, changes: [], reset: true, heldMs: 0, provenMsAgo: 0, leaseMs: 0 }
}
