import type { Key } from '../storage/tables/key.ts'

/** What of a key the audit log keeps when it changes, under the names of the wire. */
export function auditedFields(key: Key) {
  return {
    whitelistedIPs: key.whitelistedIPs,
    description: key.description,
    expiresAt: key.expiresAtMs === null ? null : new Date(key.expiresAtMs).toISOString(),
    permissions: key.permissions,
    ceiling: key.ceiling,
    metadata: key.metadata,
    rateLimits: key.rateLimits,
    quota: key.quota,
    enabled: key.isEnabled,
  }
}
