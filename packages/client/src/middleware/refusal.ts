import type { VerifyResult } from '../wire.ts'

/** How a request is refused. */
export interface Refusal {
  status: number
  /** Names in lower case. */
  headers: Record<string, string>
  /** The body, RFC 9457. */
  problem: Problem
}

interface Problem {
  type: string
  title: string
  status: number
  detail: string
  message: string
  code: string
}

const STATUSES: Readonly<Record<string, readonly [status: number, title: string]>> = {
  missing_permission: [403, 'Missing permission'],
  ip_not_allowed: [403, 'Address not allowed'],
  client_ip_unknown: [403, 'Client address unknown'],
  key_rate_limited: [429, 'Limit of the key reached'],
  cannot_verify: [503, 'Cannot verify'],
}

/** The refusal of a code: 401, with a challenge, where no other status is meant. */
export function refuse(code: string, detail: string, retryAfterSeconds?: number): Refusal {
  const [status, title] = STATUSES[code] ?? [401, 'Not authenticated']
  return {
    status,
    headers: {
      'content-type': 'application/problem+json; charset=utf-8',
      'cache-control': 'no-store',
      ...(status === 401 ? { 'www-authenticate': challenge(code, detail) } : {}),
      ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    },
    problem: { type: 'about:blank', title, status, detail, message: detail, code },
  }
}

type Use = { readonly ip: string | undefined; readonly needed: readonly string[]; readonly isToken: boolean }

/** What a verdict that is no yes means to the client of the application: the codes are those of the service itself. */
export function refusalOf(verdict: VerifyResult, { ip, needed, isToken }: Use): Refusal {
  switch (verdict.code) {
    case 'INACTIVE':
      if (isToken) return refuse('token_expired', 'The session or key of the token has ended: sign in again.')
      return refuse(
        'key_inactive',
        verdict.secret === 'previous'
          ? 'The key has a new secret: the one you sent was replaced and has ended.'
          : 'The key was deleted or disabled.',
      )
    case 'EXPIRED':
      return isToken
        ? refuse('token_expired', 'The token has expired: get a new one.')
        : refuse('key_expired', 'The key has expired.')
    case 'USER_INACTIVE':
      return refuse('user_inactive', 'The user the credential stands for is deactivated.')
    case 'COMPANY_INACTIVE':
      return refuse('company_inactive', 'The company the credential belongs to is deactivated.')
    case 'IP_NOT_ALLOWED':
      return refuse(
        'ip_not_allowed',
        `The key may not be used from ${ip}, the address seen. Add it to whitelistedIPs, or, if it is a proxy of the ` +
          'application, name that in clientAddress.',
      )
    case 'IP_REQUIRED':
      return refuse(
        'client_ip_unknown',
        'The key is restricted to addresses and the address of this request cannot be told: set clientAddress.',
      )
    case 'INSUFFICIENT_PERMISSIONS':
      return refuse('missing_permission', `This needs ${needed.join(', ')}, and your credential has less.`)
    case 'RATE_LIMITED':
      return refuse(
        'key_rate_limited',
        'The key has been used as often as it may be for now.',
        retryAfterOf(verdict),
      )
    default:
      return refuse('invalid_credentials', 'The credential is not valid: check that it was copied whole.')
  }
}

/** A service that counts says how long to wait. */
function retryAfterOf(verdict: object): number {
  const seconds = 'retryAfterSeconds' in verdict ? verdict.retryAfterSeconds : undefined
  return typeof seconds === 'number' && seconds >= 1 ? Math.ceil(seconds) : 1
}

/** RFC 6750 §3: no error code when the request carried no credential. */
function challenge(code: string, detail: string): string {
  const realm = 'Bearer realm="latchkey"'
  return code === 'missing_credentials'
    ? realm
    : `${realm}, error="invalid_token", error_description="${detail}"`
}
