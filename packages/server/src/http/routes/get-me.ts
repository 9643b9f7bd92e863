import { formatAddress } from '@latchkey/core/address'
import { listPermissions } from '@latchkey/core/permission'
import type { Handler } from '../schema/context.ts'

export const getMe: Handler<'getMe'> = (_deps, { principal, address, requestId }) => ({
  body: {
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
  },
})
