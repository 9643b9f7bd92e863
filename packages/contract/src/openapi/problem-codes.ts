import type { ErrorCode } from '@latchkey/core/error'
import type { TSchema } from 'typebox'
import type { Operation } from '../operations/operation.ts'
import type { OperationId } from '../operations.ts'

export type ProblemStatus = 400 | 401 | 403 | 404 | 406 | 409 | 412 | 413 | 415 | 422 | 429 | 500 | 503
export type ProblemCodes = Partial<Record<ProblemStatus, readonly ErrorCode[]>>

const BODY_CODES: readonly ErrorCode[] = [
  'malformed_json',
  'invalid_body',
  'missing_field',
  'invalid_field',
  'unknown_field',
]
const CREDENTIAL_CODES: readonly ErrorCode[] = [
  'missing_credentials',
  'invalid_credentials',
  'key_inactive',
  'key_expired',
  'user_inactive',
  'company_inactive',
  'token_expired',
]
/** Of whatever gives power in a company: its audit events may have been changed from outside. */
const WRITES = { 503: ['audit_broken'] } as const satisfies ProblemCodes
/** What the table cannot tell. */
const OWN_CODES: Readonly<Partial<Record<OperationId, ProblemCodes>>> = {
  createApiKey: { 403: ['permission_escalation'], 409: ['quota_exceeded'], ...WRITES },
  updateApiKey: { 403: ['permission_escalation'], 409: ['quota_exceeded'], ...WRITES },
  importApiKeys: { ...WRITES },
  rotateApiKey: {
    403: ['permission_escalation'],
    409: ['key_not_active', 'rotation_open'],
    ...WRITES,
  },
  updateRotation: {
    403: ['permission_escalation'],
    404: ['rotation_not_found'],
    409: ['key_not_active'],
    ...WRITES,
  },
  cancelRotation: {
    403: ['permission_escalation'],
    404: ['rotation_not_found'],
    409: ['key_not_active'],
    ...WRITES,
  },
  createSession: { 401: ['invalid_credentials', 'user_inactive', 'company_inactive'], 429: ['rate_limited'] },
  createShortLivedToken: { 403: ['permission_escalation'] },
  setPassword: { 401: ['invalid_credentials'], 429: ['rate_limited'], ...WRITES },
  createUser: { 403: ['permission_escalation'], 409: ['already_exists', 'quota_exceeded'], ...WRITES },
  updateUser: { 403: ['permission_escalation'], 409: ['already_exists', 'last_owner'], ...WRITES },
  deleteUser: { 403: ['permission_escalation'], 409: ['last_owner', 'user_has_keys'] },
  createInvitation: { 400: ['invalid_field'], 403: ['permission_escalation'], ...WRITES },
  createCompany: { 409: ['already_exists'], ...WRITES },
  updateCompany: { 403: ['permission_escalation'], 409: ['already_exists', 'operator_company'], ...WRITES },
}
const NOT_FOUND: Readonly<Record<string, ErrorCode>> = {
  keyId: 'key_not_found',
  userId: 'user_not_found',
  companyId: 'company_not_found',
}

/** The problems an operation may answer, by HTTP status, lowest first. */
export function problemCodesOf(id: OperationId, operation: Operation): ProblemCodes {
  const sources = [
    requestCodes(operation),
    bodyCodes(operation),
    operation.authentication === 'required' ? credentialCodes() : {},
    pathCodes(operation),
    OWN_CODES[id] ?? {},
    { 500: ['internal_error'], 503: ['unavailable'] } satisfies ProblemCodes,
  ]
  const codes: Partial<Record<ProblemStatus, readonly ErrorCode[]>> = {}
  for (const source of sources) {
    for (const [text, added] of Object.entries(source)) {
      const status = Number(text) as ProblemStatus
      codes[status] = [...new Set([...(codes[status] ?? []), ...added])]
    }
  }
  return codes
}

function requestCodes({ method, query, isIdempotent, isProbe, hasEtag }: Operation): ProblemCodes {
  if (isProbe === true) return {}
  const isList = hasField(query, 'startingAfter')
  return {
    400: [
      'unknown_parameter',
      'duplicate_parameter',
      'invalid_parameter',
      ...(isList ? (['conflicting_parameters', 'invalid_cursor'] as const) : []),
    ],
    406: ['not_acceptable'],
    ...(isIdempotent ? { 409: ['idempotency_in_progress'], 422: ['idempotency_key_reused'] } : {}),
    ...(hasEtag === true && method !== 'GET' ? { 412: ['precondition_failed'] } : {}),
  }
}

function bodyCodes({ body, success }: Operation): ProblemCodes {
  if (body === undefined) return {}
  const hasAddress = ['whitelistedIPs', 'ip', 'keys', 'uses'].some((name) => hasField(body, name))
  return {
    400: [
      ...BODY_CODES,
      ...(success.schema === undefined ? [] : (['read_only_field'] as const)),
      ...(hasField(body, 'userId') ? (['user_not_found'] as const) : []),
      ...(hasAddress ? (['invalid_ip'] as const) : []),
    ],
    413: ['payload_too_large'],
    415: ['unsupported_media_type'],
  }
}

function credentialCodes(): ProblemCodes {
  return {
    400: ['multiple_credentials'],
    401: CREDENTIAL_CODES,
    // Without a permission of its own an operation still refuses X-Company-Id, or what is no session.
    403: ['missing_permission', 'ip_not_allowed', 'client_ip_unknown'],
    // X-Company-Id may name a company that does not exist.
    404: ['company_not_found'],
    429: ['rate_limited'],
    503: ['cannot_verify'],
  }
}

function pathCodes({ path }: Operation): ProblemCodes {
  const codes = Object.entries(NOT_FOUND).filter(([name]) => path.includes(`{${name}}`))
  return codes.length === 0 ? {} : { 404: codes.map(([, code]) => code) }
}

function hasField(schema: TSchema | undefined, name: string): boolean {
  const { properties = {} } = (schema ?? {}) as { readonly properties?: Readonly<Record<string, unknown>> }
  return Object.hasOwn(properties, name)
}
