/** RFC 6749 §5.2: what a token request can be refused for. A key that may not have a token is an invalid client here. */
export const OAUTH_CODES = [
  'invalid_request',
  'invalid_client',
  'unsupported_grant_type',
  'invalid_scope',
] as const
export type OAuthCode = (typeof OAUTH_CODES)[number]
