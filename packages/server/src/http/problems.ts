import type { ErrorCode } from '@latchkey/core/error'

export type ProblemKind = {
  readonly status: number
  readonly title: string
  /** For the page at /errors/<code>. */
  readonly meaning: string
  readonly remedy: string
}

const kind = (status: number, title: string, meaning: string, remedy: string): ProblemKind => ({
  status,
  title,
  meaning,
  remedy,
})

/** The only place that knows which HTTP status a code has. A new code without a row does not compile. */
export const PROBLEMS = {
  malformed_request: kind(
    400,
    'Malformed request',
    'The bytes are not an HTTP/1.1 request the service accepts.',
    'Check the client or proxy: one Host header, no control characters, no conflicting lengths.',
  ),
  malformed_json: kind(
    400,
    'Malformed JSON',
    'The body is not valid JSON in UTF-8.',
    'The detail names line and column. Check quotes, commas and braces there.',
  ),
  invalid_body: kind(
    400,
    'Invalid body',
    'The body breaks more than one rule, or is no JSON object at all.',
    'Each entry of errors names one place and what to do there.',
  ),
  missing_field: kind(
    400,
    'Missing field',
    'A required field is absent.',
    'Add the field that the pointer names.',
  ),
  invalid_field: kind(
    400,
    'Invalid field',
    'A field has a value it may not have.',
    'The pointer names the field, the detail what it may be.',
  ),
  unknown_field: kind(
    400,
    'Unknown field',
    'The body has a field that this operation does not know. Nothing is ignored, because a misspelt restriction must not become no restriction.',
    'Remove the field, or use the suggested name.',
  ),
  read_only_field: kind(
    400,
    'Read-only field',
    'The operation answers with this field and does not take it: the service sets it, or another operation.',
    'Leave it out of the body. The detail names the operation that takes it.',
  ),
  invalid_parameter: kind(
    400,
    'Invalid parameter',
    'A query parameter or header has a value it may not have.',
    'The detail says what it may be.',
  ),
  unknown_parameter: kind(
    400,
    'Unknown parameter',
    'The operation has no such query parameter.',
    'Remove it, or use the suggested name.',
  ),
  duplicate_parameter: kind(
    400,
    'Duplicate parameter',
    'A parameter or header was given more than once.',
    'Give it once.',
  ),
  conflicting_parameters: kind(
    400,
    'Conflicting parameters',
    'Two parameters cannot be used together.',
    'Use a cursor or an offset, not both.',
  ),
  invalid_cursor: kind(
    400,
    'Invalid cursor',
    'startingAfter or endingBefore is not the id of an item in this list.',
    'Follow nextUrl and previousUrl instead of building cursors.',
  ),
  user_not_found: kind(
    404,
    'User not found',
    'There is no such user in the company, or it is not active.',
    'List the users of the company.',
  ),
  invalid_ip: kind(
    400,
    'Invalid address',
    'An entry is neither an IP address nor a CIDR block in its one exact form.',
    'Write 192.0.2.7, 192.0.2.0/24, 2001:db8::1 or 2001:db8::/32.',
  ),
  multiple_credentials: kind(
    400,
    'Multiple credentials',
    'The request carries more than one credential.',
    'Send one: X-API-KEY or Authorization.',
  ),
  missing_credentials: kind(
    401,
    'Missing credentials',
    'The request carries no credential.',
    'Send X-API-KEY: <key>, or Authorization: Bearer <key or token>.',
  ),
  invalid_credentials: kind(
    401,
    'Invalid credentials',
    'The credential is not one of this deployment.',
    'Check that the whole key was copied.',
  ),
  key_inactive: kind(
    401,
    'Key inactive',
    'The key was deleted or disabled.',
    'Use another key, or have it enabled again if it was disabled.',
  ),
  key_expired: kind(
    401,
    'Key expired',
    "The key's expiresAt has passed.",
    'Use another key, or have its expiry moved.',
  ),
  user_inactive: kind(
    401,
    'User inactive',
    'The user the key acts for is deactivated.',
    'Activate the user, or use a key of another user.',
  ),
  company_inactive: kind(
    401,
    'Company inactive',
    'The company the key belongs to is deactivated.',
    'Ask the operator of the service.',
  ),
  token_expired: kind(401, 'Token expired', 'The token has run out.', 'Get a new one.'),
  missing_permission: kind(
    403,
    'Missing permission',
    'The credential is valid but may not do this.',
    'The detail names the permission. Use a credential that has it.',
  ),
  permission_escalation: kind(
    403,
    'Permission escalation',
    'Nobody may grant a role or permission it lacks, nor change what stands above it.',
    'Grant less, or use a credential that has it itself.',
  ),
  ip_not_allowed: kind(
    403,
    'Address not allowed',
    'The key is restricted to addresses and the one seen is not among them.',
    'The detail shows the address seen. If the key may be used from there, add it to whitelistedIPs (PATCH /keys/{keyId}). If it is a proxy of yours, name it in LATCHKEY_TRUSTED_PROXIES.',
  ),
  client_ip_unknown: kind(
    403,
    'Client address unknown',
    'The key is restricted to addresses and the address of the request cannot be told.',
    'Check the X-Forwarded-For header that your proxy sends.',
  ),
  key_not_found: kind(
    404,
    'Key not found',
    'There is no such key in the company.',
    'List the keys of the company.',
  ),
  company_not_found: kind(404, 'Company not found', 'There is no such company.', 'List the companies.'),
  route_not_found: kind(404, 'Route not found', 'The service has nothing at this path.', 'See /docs.'),
  method_not_allowed: kind(
    405,
    'Method not allowed',
    'The path exists, but not for this method.',
    'The Allow header lists the methods.',
  ),
  not_acceptable: kind(
    406,
    'Not acceptable',
    'The Accept header excludes JSON, which is all the API speaks.',
    'Send Accept: application/json or leave it out.',
  ),
  request_timeout: kind(
    408,
    'Request timeout',
    'The request did not arrive in time.',
    'Send headers and body without long pauses.',
  ),
  idempotency_in_progress: kind(
    409,
    'Request in progress',
    'A request with the same Idempotency-Key is still being worked on.',
    'Repeat in a few seconds.',
  ),
  quota_exceeded: kind(
    409,
    'Quota exceeded',
    'The company stores as much as it may. What it has works on; what restricts or deletes is always possible.',
    'Ask whoever runs the service to raise the quota that the detail names.',
  ),
  already_exists: kind(
    409,
    'Already exists',
    'Another user or company has this email address or external id, which only one may have.',
    'The pointer names the field. Look for who has it, or choose another.',
  ),
  last_owner: kind(
    409,
    'Last owner',
    'The operator would be left without an active owner.',
    'Make another user an owner first.',
  ),
  user_has_keys: kind(
    409,
    'User has keys',
    'The user has keys that are active, which would end with it.',
    'Delete or disable its keys first.',
  ),
  operator_company: kind(
    409,
    'Operator company',
    "The company is the operator's, which nobody could activate again.",
    'Deactivate its users or keys instead.',
  ),
  precondition_failed: kind(
    412,
    'Precondition failed',
    'The item is at another version than If-Match names.',
    'Read it again, then repeat with its ETag, quotes included.',
  ),
  payload_too_large: kind(
    413,
    'Payload too large',
    'The body is larger than the operation takes: 64 KiB, or what its x-body-bytes-max in /openapi.json says.',
    'Send less, or in several requests.',
  ),
  unsupported_media_type: kind(
    415,
    'Unsupported media type',
    'The body is not declared as JSON.',
    "Send Content-Type: application/json (curl: -H 'Content-Type: application/json').",
  ),
  idempotency_key_reused: kind(
    422,
    'Idempotency key reused',
    'The Idempotency-Key was used before with another body.',
    'Use a new Idempotency-Key for a new request.',
  ),
  rate_limited: kind(
    429,
    'Too many failed attempts',
    'Too many failed credentials came from this address.',
    'Wait as long as Retry-After says. Valid credentials still pass.',
  ),
  headers_too_large: kind(
    431,
    'Headers too large',
    'The request has more than 64 headers, or more bytes of them than LATCHKEY_HEADER_BYTES allows (16 KiB).',
    'Send fewer.',
  ),
  internal_error: kind(
    500,
    'Internal error',
    'The service failed. Nothing was changed.',
    'Report the request id to whoever runs the service.',
  ),
  unavailable: kind(
    503,
    'Unavailable',
    'The service cannot do this at the moment. Nothing was changed.',
    'Repeat after Retry-After seconds.',
  ),
  audit_broken: kind(
    503,
    'Audit chain broken',
    "The company's audit events were changed from outside the service. Nothing was changed by this request: until somebody has looked, only what takes power away is accepted in the company: deleting, disabling, deactivating, signing in and out.",
    'Tell whoever runs the service: latchkey audit verify names the first event that does not fit, and docs/operate/audit.md says what to do.',
  ),
  cannot_verify: kind(
    503,
    'Cannot verify',
    'Whether a key is valid cannot be proven at the moment, so the answer is not yes.',
    'Repeat after Retry-After seconds.',
  ),
} as const satisfies Record<ErrorCode, ProblemKind>
