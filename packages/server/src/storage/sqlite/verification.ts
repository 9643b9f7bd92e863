import type { DatabaseSync } from 'node:sqlite'
import { fingerprintBytes } from '@latchkey/core/fingerprint'
import { isId } from '@latchkey/core/ids'
import { isTag, type KeyHandle } from '@latchkey/core/loaded-key'
import type { AskedChanges, Changes, VerificationReads } from '../engine.ts'
import { NOT_ACCEPTED, NotAcceptedError } from '../not-accepted.ts'
import { LOG_ROWS_MAX } from '../tables/log.ts'
import type { HeadRow, LogRow } from '../tables/schema.ts'
import { recordOf, type VerifiableRow } from '../tables/verifiable-record.ts'
import { verifiableSql } from '../tables/verifiable-sql.ts'
import { type Leaseholder, SETTLE_MS, type SqliteLease } from './lease.ts'
import type { Snapshot } from './snapshot.ts'

/** Prepared reads on a connection of their own: the path of every verification. */
export function createSqliteVerificationReads(
  database: DatabaseSync,
  snapshot: Snapshot,
  lease: SqliteLease,
  monotonicMs: () => number,
): VerificationReads & Omit<AskedChanges, 'followed'> {
  /** The revision that the last look found. */
  let seen: number | undefined
  const head = database.prepare('SELECT revision, leaseholder FROM head')
  const state = database.prepare('SELECT revision, epoch, is_accepted FROM head')
  const log = database.prepare(
    `SELECT revision, scope, object_id FROM log WHERE revision > ?1
      AND ?1 >= (SELECT revision FROM head) - ${LOG_ROWS_MAX} ORDER BY revision`,
  )
  const find = createLookUp(database)

  function readChanges(revision: number): Changes {
    database.exec('BEGIN')
    try {
      const now = state.get() as HeadRow & { is_accepted: 0 | 1 }
      if (now.is_accepted === 0) throw new NotAcceptedError(NOT_ACCEPTED)
      return { revision: now.revision, epoch: now.epoch, rows: log.all(revision) as LogRow[] }
    } finally {
      database.exec('COMMIT')
    }
  }

  return {
    kind: 'asked',
    changesSince(revision) {
      if (seen === revision && lease.isRunning()) return undefined
      // A key that is read after this look must not be older than it: nobody would hear of what was revoked before.
      snapshot.leave()
      const beganAtMs = monotonicMs()
      const now = head.get() as { revision: number; leaseholder: Leaseholder }
      lease.renew(beganAtMs, now.leaseholder)
      seen = now.revision
      return seen === revision ? undefined : readChanges(revision)
    },
    claim: lease.claim,
    settleMs: SETTLE_MS,
    isAccepted() {
      snapshot.leave()
      return (state.get() as { is_accepted: 0 | 1 }).is_accepted === 1
    },
    together: snapshot.share,
    findKey(handle) {
      snapshot.join()
      const row = find(handle)
      return row === undefined ? undefined : recordOf(row)
    },
  }
}

function createLookUp(database: DatabaseSync): (handle: KeyHandle) => VerifiableRow | undefined {
  const sql = verifiableSql('?1')
  const byFingerprint = database.prepare(sql.byFingerprint)
  const byId = database.prepare(sql.byKeyId)
  const session = database.prepare(sql.bySessionId)
  const user = database.prepare(sql.byUserId)
  return (handle) => {
    if (isTag(handle)) return byFingerprint.get(fingerprintBytes(handle)) as VerifiableRow | undefined
    if (isId('key', handle)) return byId.get(handle) as VerifiableRow | undefined
    if (isId('ses', handle)) return session.get(handle) as VerifiableRow | undefined
    return user.get(handle) as VerifiableRow | undefined
  }
}
