/** Programs and audit logs of others hold these names: one may be added, none is renamed or taken away. */
import { expect, test } from 'vitest'
import { ACTOR_TYPES, AUDIT_ACTIONS, OBJECT_TYPES } from './audit-action.ts'
import { ERROR_CODES } from './error.ts'
import { OUTCOME_CODES } from './outcome-code.ts'

const CODES = `
  malformed_request malformed_json invalid_body missing_field invalid_field unknown_field
  read_only_field invalid_parameter unknown_parameter duplicate_parameter conflicting_parameters
  invalid_cursor user_not_found invalid_ip multiple_credentials missing_credentials
  invalid_credentials key_inactive key_expired user_inactive company_inactive token_expired
  missing_permission permission_escalation ip_not_allowed client_ip_unknown key_not_found
  company_not_found rotation_not_found route_not_found method_not_allowed not_acceptable
  request_timeout idempotency_in_progress already_exists last_owner user_has_keys quota_exceeded
  operator_company key_not_active rotation_open precondition_failed payload_too_large
  unsupported_media_type idempotency_key_reused rate_limited headers_too_large internal_error
  unavailable audit_broken cannot_verify
`

const ACTIONS = `
  company.created company.updated user.created user.updated user.invited user.password_set
  user.password_ended user.deleted key.created key.updated key.deleted key.rotated
  key.rotation_changed key.rotation_cancelled session.started session.ended store.accepted
  store.companies_sealed store.companies_accepted audit.chain_broken audit.break_accepted audit.pruned
`

const VERDICTS = `
  VALID NOT_FOUND INACTIVE EXPIRED USER_INACTIVE COMPANY_INACTIVE IP_NOT_ALLOWED IP_REQUIRED
  INSUFFICIENT_PERMISSIONS RATE_LIMITED
`

test.each<readonly [string, readonly string[], string]>([
  ['code of an error', ERROR_CODES, CODES],
  ['verdict', OUTCOME_CODES, VERDICTS],
  ['action of an event', AUDIT_ACTIONS, ACTIONS],
  ['kind of actor', ACTOR_TYPES, 'key session user host service none'],
  ['kind of object', OBJECT_TYPES, 'key user company session'],
])('every %s that a release had is there still, once', (_, names, released) => {
  expect(names).toEqual(expect.arrayContaining(released.trim().split(/\s+/)))
  expect(new Set(names).size).toBe(names.length)
  for (const name of names) expect(name).toMatch(/^[a-z]+([._][a-z]+)*$/i)
})
