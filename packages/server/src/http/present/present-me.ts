import type { Me } from '@latchkey/contract/schemas/session'
import { type Address, formatAddress } from '@latchkey/core/address'
import { listPermissions } from '@latchkey/core/permission'
import type { Principal } from '@latchkey/core/principal'

type Asked = { readonly address: Address | undefined; readonly requestId: string }

/** Who the credential of a request is. */
export const presentMe = (principal: Principal, { address, requestId }: Asked): Me => ({
  // A request comes from neither the host nor nobody.
  credential: {
    type: principal.type as 'key' | 'session' | 'user',
    id: principal.id ?? '',
    isToken: principal.isDerived,
  },
  userId: principal.userId ?? '',
  companyId: principal.homeCompanyId ?? '',
  actingCompanyId: principal.companyId,
  role: principal.role,
  permissions: listPermissions(principal.authority),
  address: address === undefined ? null : formatAddress(address),
  requestId,
})
