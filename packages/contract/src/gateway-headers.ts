/**
 * What each answer of the endpoints for gateways says of its verdict: all of them always, since a gateway that copies
 * them would let through a client's own where one is absent.
 */
export const VERDICT_HEADERS = {
  'X-Auth-Status': 'The status that is meant, whatever the gateway makes of it.',
  'X-Auth-Error': 'Code of the refusal.',
  'X-Auth-Key-Id': 'Id of the key; for tokens that no key made, of the session or user.',
  'X-Auth-User-Id': 'Whom it acts for.',
  'X-Auth-Company-Id': 'The company of that user.',
  'X-Auth-Permissions': 'What it may do, separated by spaces; * is everything.',
  'X-Auth-Mode': 'Whether the key is for real use or for tests.',
  'X-Auth-Replace-By': 'When the secret that was used ends, because its key was rotated.',
} as const

/** The same as the service sends them; `-` where there is nothing to say. */
export type VerdictHeaders = Readonly<Record<Lowercase<keyof typeof VERDICT_HEADERS>, string>>
