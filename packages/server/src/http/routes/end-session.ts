import { endSession as end } from '../../auth/session.ts'
import type { Handler } from '../context.ts'

export const endSession: Handler<'endSession'> = async (deps, { principal, actor }) => {
  await deps.write(actor, (tx) => end(tx, deps.chain, principal))
  return { body: { status: 200, message: 'The session has ended.' } }
}
