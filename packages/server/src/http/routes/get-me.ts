import { formatAddress } from '@latchkey/core/address'
import { listPermissions } from '@latchkey/core/permission'
import type { Handler } from '../context.ts'

export const getMe: Handler<'getMe'> = (_deps, { principal, address, requestId }) => ({
  body: {
    credential: { type: principal.type, id: principal.id ?? '', isToken: principal.isDerived },
    userId: principal.userId ?? '',
    companyId: principal.homeCompanyId ?? '',
    actingCompanyId: principal.companyId,
    role: principal.role,
    permissions: listPermissions(principal.authority),
    address: address === undefined ? null : formatAddress(address),
    requestId,
  },
})
