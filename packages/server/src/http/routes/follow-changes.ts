import { presentTime } from '../present/present-time.ts'
import type { Handler } from '../schema/context.ts'

/** Nobody waits for verifiers yet: none of them may answer from memory. */
export const followChanges: Handler<'followChanges'> = (deps, { body }) => {
  const { epoch, revision } = deps.revocations.position()
  return {
    body: {
      epoch,
      after: body.after,
      through: revision,
      changes: [],
      reset: true,
      server: deps.revocations.serverId,
      heldMs: 0,
      provenMsAgo: 0,
      leaseMs: 0,
      now: presentTime(deps.clock.nowMs()),
      nonce: body.nonce,
    },
  }
}
