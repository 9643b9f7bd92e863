import { fingerprintBytes } from '@latchkey/core/fingerprint'
import { isId } from '@latchkey/core/ids'
import { isTag, type KeyHandle } from '@latchkey/core/loaded-key'
import type { Head, VerificationReads } from '../engine.ts'
import { recordOf, type VerifiableRow } from '../tables/verifiable-record.ts'
import { verifiableSql } from '../tables/verifiable-sql.ts'
import { type SeenHead, withHead } from './head.ts'
import type { Pool } from './pool.ts'

const sql = verifiableSql('$1')
const QUERIES = {
  fingerprint: { name: 'find-by-fingerprint', text: withHead(sql.byFingerprint) },
  key: { name: 'find-key', text: withHead(sql.byKeyId) },
  session: { name: 'find-session', text: withHead(sql.bySessionId) },
  user: { name: 'find-user', text: withHead(sql.byUserId) },
} as const

type Found = SeenHead & Partial<VerifiableRow>

/** One prepared read for each look-up, with the head of the same snapshot. `expect` is called before: see `Lease.expect`. */
export function createPostgresVerificationReads(
  pool: Pool,
  expect: () => (head: Head) => void,
): VerificationReads {
  return {
    async findKey(handle) {
      const { query, value } = queryFor(handle)
      const assertExpected = expect()
      const found = await pool.lendForReading(async (client) => {
        const { rows } = await client.query<Found>({ ...query, values: [value] })
        const [row] = rows
        if (row === undefined) throw new Error('the head of the store is missing')
        client.assertOwn(row.pid)
        return row
      })
      assertExpected(found)
      return found.id === null || found.id === undefined ? undefined : recordOf(found as VerifiableRow)
    },
  }
}

function queryFor(handle: KeyHandle) {
  if (isTag(handle)) return { query: QUERIES.fingerprint, value: fingerprintBytes(handle) }
  if (isId('key', handle)) return { query: QUERIES.key, value: handle }
  if (isId('ses', handle)) return { query: QUERIES.session, value: handle }
  return { query: QUERIES.user, value: handle }
}
