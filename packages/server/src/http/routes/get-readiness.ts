import { AppError } from '@latchkey/core/error'
import type { Services } from '../../services.ts'
import { findDeployment } from '../../storage/deployment.ts'
import type { Refused } from '../../verification/lease.ts'
import type { Handler } from '../context.ts'

function restored({ known, found }: Refused): AppError {
  const lost =
    known > found ? ` Up to ${known - found} changes, revocations among them, are missing in it.` : ''
  return new AppError(
    'unavailable',
    `The store was restored or replaced and is not accepted.${lost} To use it: latchkey restore --accept.`,
    { retryAfterSeconds: 5 },
  )
}

export const getReadiness: Handler<'getReadiness'> = async ({ engine, revocations, isLeaving }) => {
  if (isLeaving()) throw new AppError('unavailable', 'The service is stopping: ask another server.')
  const deployment = await findOurs({ engine, revocations }).catch((cause: unknown) => {
    if (cause instanceof AppError) throw cause
    throw new AppError('unavailable', 'The store does not answer.', { retryAfterSeconds: 1, cause })
  })
  if (deployment === undefined)
    throw new AppError('unavailable', 'The store is not set up.', { retryAfterSeconds: 1 })
  return { body: { status: 'ready', store: engine.store } }
}

async function findOurs({ engine, revocations }: Pick<Services, 'engine' | 'revocations'>) {
  const { refused } = revocations
  if (refused !== undefined) throw restored(refused)
  const deployment = await engine.read(findDeployment, { party: 'readiness', isUrgent: true })
  // A list may be had while no verification can be answered.
  if (!revocations.isFresh()) throw new Error('what others changed was not heard of lately')
  return deployment
}
