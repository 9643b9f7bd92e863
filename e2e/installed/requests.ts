import { request as httpRequest } from 'node:http'
import type { Credentials } from './credentials.ts'

export type Headers = Readonly<Record<string, string | readonly string[]>>

export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
}

const FROM_OFFICE = { 'x-forwarded-for': '192.0.2.7' }

const key = (name: keyof Credentials) => (all: Credentials) => ({ 'x-api-key': all[name] })
const bearer = (name: keyof Credentials) => (all: Credentials) => ({ authorization: `Bearer ${all[name]}` })

/** What is sent to an application and to the gateway endpoint, the status of both, and the code: `-` is none. */
export const REQUESTS: readonly (readonly [string, (all: Credentials) => Headers, number, string])[] = [
  ['no credential', () => ({}), 401, 'missing_credentials'],
  ['an empty one', () => ({ 'x-api-key': '' }), 401, 'missing_credentials'],
  ['a good key', key('good'), 200, '-'],
  ['a good key as a bearer', bearer('good'), 200, '-'],
  ['a good key in both headers', (all) => ({ ...key('good')(all), ...bearer('good')(all) }), 200, '-'],
  ['a token', bearer('token'), 200, '-'],
  ['a token as a key', key('token'), 401, 'invalid_credentials'],
  ['a token that may do less', bearer('narrowToken'), 403, 'missing_permission'],
  ['a typo', key('unknown'), 401, 'invalid_credentials'],
  ['no key at all', () => ({ 'x-api-key': 'hello' }), 401, 'invalid_credentials'],
  ['another scheme', () => ({ authorization: 'Basic YTpi' }), 401, 'invalid_credentials'],
  ['a scheme without a credential', () => ({ authorization: 'Bearer' }), 401, 'invalid_credentials'],
  ['a key with a space in it', ({ good }) => ({ 'x-api-key': `${good} x` }), 401, 'invalid_credentials'],
  ['one header twice', ({ good }) => ({ 'x-api-key': [good, good] }), 401, 'invalid_credentials'],
  [
    'two credentials',
    (all) => ({ ...key('good')(all), ...bearer('narrow')(all) }),
    401,
    'invalid_credentials',
  ],
  ['a deleted key', key('deleted'), 401, 'key_inactive'],
  ['a disabled key', key('disabled'), 401, 'key_inactive'],
  ['a secret that was replaced', key('replaced'), 401, 'key_inactive'],
  ['a key of an inactive user', key('ofInactiveUser'), 401, 'user_inactive'],
  ['a key of an inactive company', key('ofInactiveCompany'), 401, 'company_inactive'],
  ['a key with other permissions', key('narrow'), 403, 'missing_permission'],
  ['a restricted key from its address', (all) => ({ ...key('restricted')(all), ...FROM_OFFICE }), 200, '-'],
  [
    'a restricted key from elsewhere',
    (all) => ({ ...key('restricted')(all), 'x-forwarded-for': '203.0.113.9' }),
    403,
    'ip_not_allowed',
  ],
  [
    'a restricted key from elsewhere that says it is not',
    (all) => ({ ...key('restricted')(all), 'x-forwarded-for': '192.0.2.7, 203.0.113.9' }),
    403,
    'ip_not_allowed',
  ],
  [
    'a restricted key from nowhere',
    (all) => ({ ...key('restricted')(all), 'x-forwarded-for': 'x' }),
    403,
    'client_ip_unknown',
  ],
]

/** With Node's own client, which can send a header twice. A text is sent as it is. */
export function ask(url: string, headers: Headers, method = 'GET', body?: object | string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const json = body === undefined ? {} : { 'content-type': 'application/json' }
    const options = {
      method,
      headers: { ...json, ...headers } as Record<string, string | string[]>,
      agent: false,
    }
    const request = httpRequest(url, options, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
    request.once('error', reject).end(typeof body === 'object' ? JSON.stringify(body) : body)
  })
}

/** The challenge without its sentence, which the application says in words of its own. */
export const challengeOf = ({ headers }: Answer) =>
  String(headers['www-authenticate'] ?? '').replace(/, error_description=.*/, '')
