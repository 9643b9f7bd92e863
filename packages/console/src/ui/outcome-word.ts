const WORDS: Readonly<Record<string, string>> = {
  VALID: 'accepted',
  NOT_FOUND: 'no such key',
  INACTIVE: 'disabled, deleted or replaced',
  EXPIRED: 'expired',
  USER_INACTIVE: 'user deactivated',
  COMPANY_INACTIVE: 'company deactivated',
  IP_NOT_ALLOWED: 'address not in its list',
  IP_REQUIRED: 'address unknown',
  INSUFFICIENT_PERMISSIONS: 'permission missing',
  RATE_LIMITED: 'too often',
}

/** A verdict as people say it; one that a later release has added, as it is. */
export const wordOf = (code: string): string => WORDS[code] ?? code
