import type { Address } from '@latchkey/core/address'
import type { CompanyId, UserId } from '@latchkey/core/ids'
import { type Actor, hostPrincipal, nobody, type Principal } from '@latchkey/core/principal'

/** Who asks for a change, and all that is needed to ask again whether it may. */
export type Requester = {
  /** As the audit log keeps it. */
  readonly actor: Actor
  /** Who it was when the request came in. */
  readonly principal: Principal
  /** Where the request comes from; undefined: it cannot be told. */
  readonly address: Address | undefined
  /** Throws AppError `missing_permission` when the principal may not ask for this operation. */
  readonly assertPermitted: (principal: Principal) => void
}

export const HOST: Actor = { type: 'host', id: null, userId: null, address: null, requestId: null }

/** Whoever runs a command on the server itself. Nothing vouches for it, so nothing is judged again. */
export function requesterOnHost(companyId: CompanyId): Requester {
  return { actor: HOST, principal: hostPrincipal(companyId), address: undefined, assertPermitted: () => {} }
}

/** Somebody who acts as a user by its invitation or password, which the use case looks at itself. */
export function requesterAsUser(actor: Actor, companyId: CompanyId, userId: UserId): Requester {
  return {
    actor: { ...actor, type: 'user', id: userId, userId },
    principal: nobody(companyId),
    address: undefined,
    assertPermitted: () => {},
  }
}
