import { AppError, type Fault, inputError, noteFault } from '@latchkey/core/error'
import { parsePermission } from '@latchkey/core/permission'
import { deriveToken, findMissing } from '../../auth/derive-token.ts'
import { tokenIssuerName } from '../oauth/token-issuer-name.ts'
import type { Handler } from '../schema/context.ts'

export const createShortLivedToken: Handler<'createShortLivedToken'> = async (
  deps,
  { principal, body, origin },
) => {
  const faults: Fault[] = []
  for (const [index, text] of body.permissions.entries()) {
    const parsed = parsePermission(text)
    if ('detail' in parsed) {
      noteFault(faults, { pointer: `/permissions/${index}`, code: 'invalid_field', detail: parsed.detail })
    }
  }
  if (faults.length > 0) throw inputError(faults)
  const missing = findMissing(principal, body.permissions)
  if (missing !== undefined) {
    throw new AppError('permission_escalation', `You do not have the permission ${missing}: leave it out.`)
  }
  const { id } = principal
  if (id === null) throw new Error('a request has no host principal')
  const { token } = await deriveToken(deps, {
    principal: { ...principal, id },
    permissions: body.permissions,
    issuer: tokenIssuerName(origin, deps.config.publicUrl),
    nowMs: deps.clock.nowMs(),
  })
  return { body: { token } }
}
