import { AppError } from '@latchkey/core/error'
import { findDeployment } from '../../storage/deployment.ts'
import type { Handler } from '../context.ts'

export const getReadiness: Handler<'getReadiness'> = async ({ engine }) => {
  const deployment = await engine.read(findDeployment).catch((cause: unknown) => {
    throw new AppError('unavailable', 'The store does not answer.', { retryAfterSeconds: 1, cause })
  })
  if (deployment === undefined)
    throw new AppError('unavailable', 'The store is not set up.', { retryAfterSeconds: 1 })
  return { body: { status: 'ready', store: engine.store } }
}
