import { AppError } from '@latchkey/core/error'
import type { UserId } from '@latchkey/core/ids'
import type { Services } from '../services.ts'
import { findDeployment } from '../storage/tables/deployment.ts'
import { createWriteProof } from '../verification/write-proof.ts'

/** Why the service cannot do its work now; undefined: a verification and a write would both work. */
export type Readiness = () => Promise<AppError | undefined>

type ReadinessDeps = Pick<Services, 'engine' | 'revocations'> & { readonly isLeaving: () => boolean }

export function createReadiness({ engine, revocations, isLeaving }: ReadinessDeps): Readiness {
  const proveWrite = createWriteProof(engine, TURN, () => performance.now())

  async function assertReady(): Promise<void> {
    const { refused } = revocations
    if (refused !== undefined) throw restored()
    const deployment = await engine.read(findDeployment, TURN)
    if (deployment === undefined) throw unavailable('The store is not set up.')
    // A list may be had while no verification can be answered.
    if (!revocations.isFresh())
      throw unavailable('The store does not answer.', 'what others changed was not heard of lately')
    await engine.verification.findKey(NOBODY)
    await proveWrite()
  }

  return async () => {
    if (isLeaving()) return new AppError('unavailable', 'The service is stopping: ask another server.')
    try {
      await assertReady()
      return undefined
    } catch (error) {
      return error instanceof AppError ? error : unavailable('The store does not answer.', error)
    }
  }
}

/** A probe does not stand in line with the work. */
const TURN = { party: 'readiness', isUrgent: true }

/** Looked for, and not there. */
const NOBODY = 'usr_00000000000000000000000000' as UserId

const unavailable = (detail: string, cause?: unknown) =>
  new AppError('unavailable', detail, { retryAfterSeconds: 1, cause })

/** A person has to decide: whoever asks again in a second only waits in vain. */
const DECISION_SECONDS = 60

/** How much is missing in it is in the log: strangers may ask here, and would learn how many revocations are undone. */
const restored = () =>
  new AppError(
    'unavailable',
    'The store was restored or replaced and is not accepted. To use it: latchkey restore --accept.',
    { retryAfterSeconds: DECISION_SECONDS },
  )
