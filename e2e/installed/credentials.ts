import { callApi, type Settings } from './api.ts'

export type Credentials = Readonly<
  Record<
    | 'good'
    | 'deleted'
    | 'disabled'
    | 'replaced'
    | 'narrow'
    | 'restricted'
    | 'ofInactiveUser'
    | 'ofInactiveCompany'
    | 'token'
    | 'narrowToken'
    | 'unknown',
    string
  >
>

/** One of each kind, good and bad. */
export async function makeCredentials(settings: Settings): Promise<Credentials> {
  const call = (...request: Parameters<typeof callApi> extends [Settings, ...infer Rest] ? Rest : never) =>
    callApi(settings, ...request)
  const { userId } = await call('GET', '/me')
  const make = (fields: object = {}) => call('POST', '/keys', { userId, ...fields })
  const tokenOf = async (key: string, permission: string) => {
    const request = { permissions: [permission] }
    return (await call('POST', '/auth/token/short-lived', request, { 'x-api-key': key })).token
  }
  const [good, deleted, disabled, rotated] = [await make(), await make(), await make(), await make()]
  await call('DELETE', `/keys/${deleted.id}`)
  await call('PATCH', `/keys/${disabled.id}`, { enabled: false })
  await call('POST', `/keys/${rotated.id}/rotation`, { overlapSeconds: 0 })
  const user = await call('POST', '/users', { name: 'Gone', role: 'developer' })
  const ofInactiveUser = await call('POST', '/keys', { userId: user.id })
  await call('PATCH', `/users/${user.id}`, { status: 'inactive' })
  const company = await call('POST', '/companies', { name: 'Tenant' })
  const inCompany = { 'x-company-id': company.id }
  const tenant = await call('POST', '/users', { name: 'T', role: 'owner' }, inCompany)
  const ofInactiveCompany = await call('POST', '/keys', { userId: tenant.id }, inCompany)
  await call('PATCH', `/companies/${company.id}`, { status: 'inactive' })
  return {
    good: good.key,
    deleted: deleted.key,
    disabled: disabled.key,
    replaced: rotated.key,
    narrow: (await make({ permissions: ['invoices:read', 'keys:read'] })).key,
    restricted: (await make({ whitelistedIPs: ['192.0.2.0/24'] })).key,
    ofInactiveUser: ofInactiveUser.key,
    ofInactiveCompany: ofInactiveCompany.key,
    token: await tokenOf(good.key, 'orders:read'),
    narrowToken: await tokenOf(good.key, 'keys:read'),
    unknown: `${good.key.slice(0, -1)}${good.key.endsWith('a') ? 'b' : 'a'}`,
  }
}
