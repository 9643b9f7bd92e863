import type { ApiKey } from '@latchkey/contract/schemas/keys'
import type { User } from '@latchkey/contract/schemas/users'
import { isAdmitted } from '../../api/addresses.ts'

export type Check = {
  readonly name: string
  /** undefined: it depends on what is not known here. */
  readonly isPassed: boolean | undefined
  readonly text: string
  /** The code that the service answers where this is the first that fails. */
  readonly code: string
}

type Asked = { readonly address: string; readonly permission: string; readonly nowMs: number }

/** What is checked of a key, in the service's order. The first that fails is the answer. */
export function explain(apiKey: ApiKey, user: User | undefined, asked: Asked): readonly Check[] {
  const { status, enabled, deletedAt, expiresAt, statusReason } = apiKey
  const isOver = expiresAt !== null && new Date(expiresAt).getTime() <= asked.nowMs
  return [
    {
      name: 'Key',
      isPassed: status === 'active',
      text: deletedAt !== null ? 'It was deleted, for good.' : enabled ? 'It is active.' : 'It is disabled.',
      code: 'INACTIVE',
    },
    {
      name: 'Expiry',
      isPassed: !isOver,
      text: isOver ? 'It has expired.' : expiresAt === null ? 'It never expires.' : 'It has not expired.',
      code: 'EXPIRED',
    },
    {
      name: 'User',
      isPassed: user === undefined ? statusReason !== 'user_inactive' : user.status === 'active',
      text:
        user?.status === 'inactive' || statusReason === 'user_inactive'
          ? 'Its user is deactivated.'
          : 'Its user is active.',
      code: 'USER_INACTIVE',
    },
    {
      name: 'Company',
      isPassed: statusReason !== 'company_inactive',
      text: statusReason === 'company_inactive' ? 'The company is deactivated.' : 'The company is active.',
      code: 'COMPANY_INACTIVE',
    },
    checkAddress(apiKey, asked.address),
    checkPermission(apiKey, user, asked.permission),
  ]
}

function checkAddress({ whitelistedIPs }: ApiKey, address: string): Check {
  const check = { name: 'Address', code: 'IP_NOT_ALLOWED' }
  if (whitelistedIPs === null) return { ...check, isPassed: true, text: 'It may be used from anywhere.' }
  if (address === '') {
    return {
      ...check,
      isPassed: undefined,
      text: `It may be used only from ${whitelistedIPs.join(', ')}. From where was it used?`,
    }
  }
  const isIn = isAdmitted(whitelistedIPs, address)
  if (isIn === undefined)
    return { ...check, isPassed: undefined, text: `${address} is no address: write one, such as 192.0.2.7.` }
  return {
    ...check,
    isPassed: isIn,
    text: isIn
      ? `${address} is in its list.`
      : `${address} is not in its list: ${whitelistedIPs.join(', ')}.`,
  }
}

function checkPermission({ permissions }: ApiKey, user: User | undefined, permission: string): Check {
  const check = { name: 'Permission', code: 'INSUFFICIENT_PERMISSIONS' }
  if (permission === '')
    return { ...check, isPassed: undefined, text: 'Only where the request needs one. Which?' }
  const [area = ''] = permission.split(':')
  const names = (list: readonly string[]) =>
    list.includes(permission) || list.includes(`${area}:*`) || list.includes('*')
  if (permissions !== null && !names(permissions)) {
    return { ...check, isPassed: false, text: `The key may only: ${permissions.join(', ')}.` }
  }
  if (user === undefined)
    return {
      ...check,
      isPassed: undefined,
      text: 'The key allows it; whether its user does is not shown to you.',
    }
  const isOwn = ['keys', 'users', 'companies', 'audit'].includes(area)
  if (!isOwn && user.role !== 'viewer' && (user.permissions === null || names(user.permissions))) {
    return { ...check, isPassed: true, text: 'The key and its user allow it.' }
  }
  if (isOwn)
    return {
      ...check,
      isPassed: undefined,
      text: `The key allows it; its user is ${user.role}, which decides.`,
    }
  return { ...check, isPassed: false, text: 'Its user does not have it.' }
}
