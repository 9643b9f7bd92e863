/*
 * What verification reads, in SQL that both stores understand. `parameter` is how the store writes its first
 * parameter, which may stand in a text twice.
 */

const OWNER = `u.role, u.status AS user_status, u.permissions AS user_permissions, c.status AS company_status,
  c.is_operator FROM`

const KEY = `k.id, k.company_id, k.user_id, k.fingerprint, k.secret_ordinal, p.tag AS previous_tag,
  p.ordinal AS previous_ordinal, p.ends_at AS previous_ends_at, p.successor_used_at, k.mode, k.status, k.expires_at, k.whitelisted_ips,
  k.permissions, k.ceiling, k.metadata, k.rate_limits, k.quota`
const BESIDE = `LEFT JOIN secrets p ON p.tag = k.previous_tag JOIN users u ON u.id = k.user_id
  JOIN companies c ON c.id = k.company_id`

/** A session or a user in the shape of a key: no secret, no restriction, nothing narrowed. */
const WITHOUT_SECRET = `NULL AS fingerprint, NULL AS previous_tag, 'live' AS mode, NULL AS whitelisted_ips, NULL AS permissions, NULL AS ceiling, NULL AS rate_limits, NULL AS quota,
  '{}' AS metadata`

export type VerifiableSql = {
  readonly byFingerprint: string
  readonly byKeyId: string
  readonly bySessionId: string
  readonly byUserId: string
}

export const verifiableSql = (parameter: string): VerifiableSql => ({
  byFingerprint: `SELECT ${KEY}, f.tag AS replaced_tag, f.ordinal AS replaced_ordinal, f.ends_at AS replaced_ends_at,
    ${OWNER} (SELECT id AS key_id, NULL AS tag, NULL AS ordinal, NULL AS ends_at FROM keys WHERE fingerprint = ${parameter}
      UNION ALL SELECT key_id, tag, ordinal, ends_at FROM secrets WHERE tag = ${parameter}) f
    JOIN keys k ON k.id = f.key_id ${BESIDE}`,
  byKeyId: `SELECT ${KEY}, NULL AS replaced_tag, ${OWNER} keys k ${BESIDE} WHERE k.id = ${parameter}`,
  bySessionId: `SELECT s.id, u.company_id, s.user_id, ${WITHOUT_SECRET},
    CASE WHEN s.ended_at IS NULL THEN 'active' ELSE 'inactive' END AS status, s.expires_at, ${OWNER}
    sessions s JOIN users u ON u.id = s.user_id JOIN companies c ON c.id = u.company_id WHERE s.id = ${parameter}`,
  byUserId: `SELECT u.id, u.company_id, u.id AS user_id, ${WITHOUT_SECRET}, 'active' AS status,
    NULL AS expires_at, ${OWNER} users u JOIN companies c ON c.id = u.company_id WHERE u.id = ${parameter}`,
})
