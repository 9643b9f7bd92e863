import { operations } from '@latchkey/contract/operations'
import { bodyBytesMaxOf } from '@latchkey/contract/operations/operation'
import { type Asked, fill, fresh, get, post, type WorstRequest } from './asked-request.ts'
import { ENTRIES, type HeavyCompany, METADATA, PERMISSIONS } from './heavy-company.ts'
import { manyRows } from './many-rows.ts'
import { requestText } from './request-text.ts'

/** By the keys of one company, which may do everything in it. */
export async function worstRequests(company: HeavyCompany): Promise<WorstRequest[]> {
  const asked = [
    ...lists(),
    ...creations(company),
    ...changes(company),
    ...manyRows(company),
    ...verifications(company),
    ...people(company),
    ...tokens(company),
    ...gateways(await company.token()),
    ...pages(),
  ]
  return asked.map((each) => worstOf(each, company.adminKey))
}

const KEY_BYTES_MAX = bodyBytesMaxOf(operations.createApiKey)
const BATCH_BYTES_MAX = bodyBytesMaxOf(operations.verifyApiKeys)
const GARBAGE = `"whitelistedIPs":"${fill('a,')}"`
const ALLOWLIST = `"whitelistedIPs":${JSON.stringify(ENTRIES)}`
const MOST_METADATA = `"metadata":${JSON.stringify(METADATA)}`
const MOST_PERMISSIONS = `"permissions":${JSON.stringify(PERMISSIONS)}`
const BAD_PERMISSIONS = `"permissions":[${Array.from({ length: 100 }, () => '"keys:lisst"').join()}]`

function lists(): Asked[] {
  return [
    get('listApiKeys', '/keys?limit=100&offset=1', '100 keys with the most metadata'),
    get('listApiKeys', '/keys?search=zz%25zz&status=all', 'a search that finds nothing'),
    get('listApiKeys', '/keys?offset=9000&limit=100', 'the deepest page'),
    get('listApiKeys', `/keys?${'a&'.repeat(7_000)}`, 'parameters without end', 400),
    get('listAuditEvents', '/audit?limit=100&offset=3', '100 events of the largest changes'),
    get('listAuditEvents', '/audit?action=none', 'a filter that finds nothing'),
    get('listUsers', '/users?limit=100', '100 users with 100 permissions'),
  ]
}

function creations({ userId }: HeavyCompany): Asked[] {
  const create = (what: string, status: number, fields: string) =>
    post('createApiKey', '/keys', what, status, `{"userId":"${userId}",${fields}}`)
  return [
    create('32,000 bad entries', 400, GARBAGE),
    create('an allowlist of numbers', 400, `"whitelistedIPs":[${fill('1,')}1]`),
    create('1,000 IPv6 entries', 201, ALLOWLIST),
    create('one entry, 8,000 times', 201, `"whitelistedIPs":"${fill('1.1.1.1,')}"`),
    create('the most metadata and permissions', 201, `${MOST_METADATA},${MOST_PERMISSIONS}`),
    create('100 permissions that are none', 400, BAD_PERMISSIONS),
    create('a date of 64 KiB', 400, `"expiresAt":"${fill('t')}"`),
    create('JSON broken at its end', 400, `"whitelistedIPs":[${fill('1,')}x]`),
    create('escapes', 400, `"whitelistedIPs":[${fill('"\\n",')}1]`),
    create('a text of escapes', 400, `"description":"${fill('\\n', 200, KEY_BYTES_MAX)}"`),
    create('values without end', 400, `"whitelistedIPs":[${fill('[],', 200, KEY_BYTES_MAX)}1]`),
    create('a list of commas', 400, `"whitelistedIPs":"${fill('a,', 200, KEY_BYTES_MAX)}"`),
    {
      ...create('the same again', 201, `${MOST_METADATA},${MOST_PERMISSIONS}`),
      headers: { 'idempotency-key': 'again' },
    },
  ]
}

function changes({ key, restrictedKeyId }: HeavyCompany): Asked[] {
  const change = (what: string, status: number, text: Asked['text']): Asked => ({
    operation: 'updateApiKey',
    what,
    status,
    method: 'PATCH',
    path: `/keys/${restrictedKeyId}`,
    ...(text === undefined ? {} : { text }),
  })
  return [
    get('getApiKey', `/keys/${key.id}`, 'the most metadata'),
    change('1,000 IPv6 entries', 200, `{${ALLOWLIST}}`),
    change(
      'metadata, each time another',
      200,
      () => `{"metadata":${JSON.stringify({ ...METADATA, n: fresh() })}}`,
    ),
    change('32,000 bad entries', 400, `{${GARBAGE}}`),
    {
      operation: 'deleteApiKey',
      what: 'headers without end',
      status: 404,
      method: 'DELETE',
      path: `/keys/${'k'.repeat(4_000)}`,
      headers: { accept: `${'a/b,'.repeat(2_000)}*/*` },
    },
  ]
}

function verifications({ key }: HeavyCompany): Asked[] {
  const batch = (element: string) => `{"keys":[${Array.from({ length: 100 }, () => element).join()}]}`
  const some = `"permissions":[${Array.from({ length: 20 }, () => '"a:b"').join()}]`
  return [
    post('verifyApiKey', '/verify', 'the most of all', 200, `{"key":"${key.secret}",${MOST_PERMISSIONS}}`),
    post('verifyApiKey', '/verify', 'bad permissions', 400, `{"key":"${key.secret}",${BAD_PERMISSIONS}}`),
    post('verifyApiKeys', '/verify/batch', 'the most metadata', 200, batch(`{"key":"${key.secret}"}`)),
    post(
      'verifyApiKeys',
      '/verify/batch',
      '2,000 permissions',
      200,
      batch(`{"key":"${key.secret}",${some}}`),
    ),
    post(
      'verifyApiKeys',
      '/verify/batch',
      'bad permissions',
      400,
      batch('{"key":"k","permissions":["keys:lisst"]}'),
    ),
    post('verifyApiKeys', '/verify/batch', '20,000 objects', 400, `{"keys":[${fill('{},')}{}]}`),
    post(
      'verifyApiKeys',
      '/verify/batch',
      'texts of escapes',
      400,
      batch(`{"key":"${fill('\\u00e9', 20, BATCH_BYTES_MAX / 100)}"}`).slice(0, -1),
    ),
    post('verifyApiKeys', '/verify/batch', 'the longest texts', 200, batch(`{"key":"${'é'.repeat(2_048)}"}`)),
  ]
}

function people({ userId }: HeavyCompany): Asked[] {
  const user = (what: string, status: number, fields: string) =>
    post('createUser', '/users', what, status, `{"name":"U","role":"developer",${fields}}`)
  return [
    user('100 permissions', 201, MOST_PERMISSIONS),
    user('an email address of 64 KiB', 400, `"email":"a@${fill('a.')}"`),
    {
      ...post('updateUser', `/users/${userId}`, 'bad permissions', 400, `{${BAD_PERMISSIONS}}`),
      method: 'PATCH',
    },
    get('getUser', `/users/${userId}`, '100 permissions'),
    get('getMe', '/me', '100 permissions'),
  ]
}

function tokens({ key }: HeavyCompany): Asked[] {
  const shortLived = (what: string, status: number, permissions: string) =>
    post('createShortLivedToken', '/auth/token/short-lived', what, status, `{"permissions":${permissions}}`)
  const form = (what: string, text: string): Asked => ({
    ...post('oauth', '/oauth/token', what, 400, text),
    type: 'application/x-www-form-urlencoded',
  })
  const client = `grant_type=client_credentials&client_id=${key.id}&client_secret=${key.secret}`
  return [
    shortLived('40 permissions', 200, JSON.stringify(PERMISSIONS.slice(0, 40))),
    shortLived('32,000 numbers', 400, `[${fill('1,')}1]`),
    form('a form of 30,000 parameters', fill('a&')),
    form('a form of many names', Array.from({ length: 12_000 }, (_, index) => index.toString(36)).join('&')),
    form('a scope of 64 KiB', `${client}&scope=${fill('a+', 400)}`),
    form(
      'a scope of many permissions',
      `${client}&scope=${Array.from({ length: 8_000 }, (_, i) => `a:${i.toString(36)}`).join('+')}`,
    ),
  ]
}

function gateways(token: string): Asked[] {
  const bearer = (what: string, status: number, text: string): Asked => ({
    ...get('gateway', '/gateway/check', what, status),
    headers: { 'x-api-key': '', authorization: `Bearer ${text}` },
  })
  const nonsense = 'a'.repeat(2_700)
  return [
    {
      ...get('gateway', '', '1,000 permissions, each time others', 403),
      path: () => `/gateway/check?${'permission=a:b&'.repeat(1_000)}permission=n:${fresh()}`,
    },
    bearer('a token with 40 permissions', 200, token),
    bearer('a token of nonsense', 401, `${nonsense}.${nonsense}.${nonsense}`),
  ]
}

function pages(): Asked[] {
  return [
    get('page', '/docs', '/docs'),
    get('page', '/openapi.json', '/openapi.json'),
    { ...get('page', '/metrics', '/metrics'), headers: { 'x-forwarded-for': '127.0.0.1' } },
    get('page', '/errors', '/errors'),
    get('none', `/${'%41'.repeat(4_000)}`, 'nothing there', 404),
  ]
}

function worstOf(
  { path, text, type, headers, method = 'GET', ...told }: Asked,
  adminKey: string,
): WorstRequest {
  return {
    ...told,
    next() {
      const body = typeof text === 'function' ? text() : text
      return requestText(method, typeof path === 'function' ? path() : path, {
        headers: { 'x-api-key': adminKey, 'x-forwarded-for': '192.0.2.1', ...headers },
        ...(body === undefined ? {} : { body }),
        type: type ?? 'application/json',
      })
    },
  }
}
