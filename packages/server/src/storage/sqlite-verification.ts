import type { DatabaseSync } from 'node:sqlite'
import { fingerprintBytes } from '@latchkey/core/fingerprint'
import { isId } from '@latchkey/core/ids'
import type { Changes, VerifiableRow, VerificationReads } from './engine.ts'
import type { HeadRow, LogRow } from './schema.ts'

const OWNER = `u.role, u.status AS user_status, u.permissions AS user_permissions, c.status AS company_status,
  c.is_operator FROM`

const FIND_KEY = `
SELECT k.id, k.company_id, k.user_id, k.fingerprint, k.mode, k.status, k.expires_at, k.whitelisted_ips,
  k.permissions, k.metadata, ${OWNER}
  keys k JOIN users u ON u.id = k.user_id JOIN companies c ON c.id = k.company_id`

/** A session or a user in the shape of a key: no secret, no restriction, nothing narrowed. */
const WITHOUT_SECRET = `NULL AS fingerprint, 'live' AS mode, NULL AS whitelisted_ips, NULL AS permissions,
  '{}' AS metadata`

const FIND_SESSION = `
SELECT s.id, u.company_id, s.user_id, ${WITHOUT_SECRET}, iif(s.ended_at IS NULL, 'active', 'inactive') AS status,
  s.expires_at, ${OWNER} sessions s JOIN users u ON u.id = s.user_id JOIN companies c ON c.id = u.company_id
  WHERE s.id = ?`

const FIND_USER = `
SELECT u.id, u.company_id, u.id AS user_id, ${WITHOUT_SECRET}, 'active' AS status, NULL AS expires_at,
  ${OWNER} users u JOIN companies c ON c.id = u.company_id WHERE u.id = ?`

/** Prepared reads on a connection of their own: the path of every verification. */
export function createSqliteVerificationReads(database: DatabaseSync): VerificationReads {
  const head = database.prepare('SELECT revision, epoch FROM head')
  const log = database.prepare(
    'SELECT revision, scope, object_id FROM log WHERE revision > ? ORDER BY revision',
  )
  const byFingerprint = database.prepare(`${FIND_KEY} WHERE k.fingerprint = ?`)
  const byId = database.prepare(`${FIND_KEY} WHERE k.id = ?`)
  const session = database.prepare(FIND_SESSION)
  const user = database.prepare(FIND_USER)

  function readChanges(revision: number): Changes {
    database.exec('BEGIN')
    try {
      const now = head.get() as HeadRow
      return { revision: now.revision, epoch: now.epoch, rows: log.all(revision) as LogRow[] }
    } finally {
      database.exec('COMMIT')
    }
  }

  return {
    changesSince(revision) {
      const now = head.get() as HeadRow
      return now.revision === revision ? undefined : readChanges(revision)
    },
    findKey(handle) {
      if (isId('key', handle)) return byId.get(handle) as VerifiableRow | undefined
      if (isId('ses', handle)) return session.get(handle) as VerifiableRow | undefined
      if (isId('usr', handle)) return user.get(handle) as VerifiableRow | undefined
      return byFingerprint.get(fingerprintBytes(handle)) as VerifiableRow | undefined
    },
  }
}
