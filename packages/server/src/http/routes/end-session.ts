import { endSession as end } from '../../auth/session.ts'
import type { Handler } from '../schema/context.ts'

export const endSession: Handler<'endSession'> = async (deps, { principal, requester }) => {
  await deps.change(requester, principal.homeCompanyId ?? principal.companyId, end, { isRevocation: true })
  return { body: { status: 200, message: 'The session has ended.' } }
}
