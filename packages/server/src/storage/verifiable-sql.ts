/*
 * What verification reads, in SQL that both stores understand. `parameter` is how the store writes its first
 * parameter.
 */

const OWNER = `u.role, u.status AS user_status, u.permissions AS user_permissions, c.status AS company_status,
  c.is_operator FROM`

const KEYS = `SELECT k.id, k.company_id, k.user_id, k.fingerprint, k.mode, k.status, k.expires_at, k.whitelisted_ips,
  k.permissions, k.ceiling, k.metadata, ${OWNER}
  keys k JOIN users u ON u.id = k.user_id JOIN companies c ON c.id = k.company_id`

/** A session or a user in the shape of a key: no secret, no restriction, nothing narrowed. */
const WITHOUT_SECRET = `NULL AS fingerprint, 'live' AS mode, NULL AS whitelisted_ips, NULL AS permissions, NULL AS ceiling,
  '{}' AS metadata`

export type VerifiableSql = {
  readonly byFingerprint: string
  readonly byKeyId: string
  readonly bySessionId: string
  readonly byUserId: string
}

export const verifiableSql = (parameter: string): VerifiableSql => ({
  byFingerprint: `${KEYS} WHERE k.fingerprint = ${parameter}`,
  byKeyId: `${KEYS} WHERE k.id = ${parameter}`,
  bySessionId: `SELECT s.id, u.company_id, s.user_id, ${WITHOUT_SECRET},
    CASE WHEN s.ended_at IS NULL THEN 'active' ELSE 'inactive' END AS status, s.expires_at, ${OWNER}
    sessions s JOIN users u ON u.id = s.user_id JOIN companies c ON c.id = u.company_id WHERE s.id = ${parameter}`,
  byUserId: `SELECT u.id, u.company_id, u.id AS user_id, ${WITHOUT_SECRET}, 'active' AS status,
    NULL AS expires_at, ${OWNER} users u JOIN companies c ON c.id = u.company_id WHERE u.id = ${parameter}`,
})
