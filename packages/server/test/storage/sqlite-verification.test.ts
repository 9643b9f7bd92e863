/** What a failed look at the store leaves behind: nothing that the next look would trust. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSqliteConnection } from '../../src/storage/sqlite/connection.ts'
import { createSqliteLease } from '../../src/storage/sqlite/lease.ts'
import { createSnapshot } from '../../src/storage/sqlite/snapshot.ts'
import { openSqlite } from '../../src/storage/sqlite/sqlite.ts'
import { createSqliteVerificationReads } from '../../src/storage/sqlite/verification.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-test-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** The disk under it can be made to fail, once, and takes its time. */
function slow(database: DatabaseSync, onRead: () => void) {
  let isFailing = false
  const prepare = (text: string) => {
    const statement = database.prepare(text)
    const get = statement.get.bind(statement) as (...parameters: never[]) => unknown
    statement.get = ((...parameters: never[]) => {
      onRead()
      if (isFailing) throw new Error('disk I/O error')
      return get(...parameters)
    }) as typeof statement.get
    return statement
  }
  return {
    database: { prepare, exec: (sql: string) => database.exec(sql) } as DatabaseSync,
    failWhile(act: () => void) {
      isFailing = true
      act()
      isFailing = false
    },
  }
}

/** A store, another process that writes to it, and what verification reads of it when it has the lease. */
async function createReads({ readMs = 0 } = {}) {
  const file = join(directory, 'a.db')
  const engine = openSqlite({ file, onFatal: () => {}, onCommit: () => {} })
  const { database } = openSqliteConnection(file, { isReadOnly: true })
  const clock = { nowMs: 0, reads: 0 }
  const disk = slow(database, () => {
    clock.reads += 1
    clock.nowMs += readMs
  })
  const lease = createSqliteLease(() => clock.nowMs)
  const reads = createSqliteVerificationReads(
    disk.database,
    createSnapshot(database),
    lease,
    () => clock.nowMs,
  )
  reads.claim(true)
  const { value: taken } = await engine.write((db) => lease.take(db))
  taken()
  return {
    reads,
    disk,
    clock,
    revoke: () => engine.write(async (_db, revoke) => revoke({ scope: 'key', id: 'key_1' as never })),
    async close() {
      database.close()
      await engine.close()
    },
  }
}

test('a change that could not be read once is read the next time, not taken for known', async () => {
  const { reads, disk, clock, revoke, close } = await createReads()
  const { revision } = reads.changesSince(-1)!
  await revoke()
  // Another look is due; it sees the head move, and then fails to read the log.
  clock.nowMs += 1_000
  disk.failWhile(() => expect(() => reads.changesSince(revision)).toThrow('disk I/O error'))
  expect(reads.changesSince(revision)?.rows).toHaveLength(1)
  await close()
})

test('a change of which only the head could be read is read the next time, too', async () => {
  const { reads, clock, revoke, close } = await createReads()
  const { revision } = reads.changesSince(-1)!
  await revoke()
  clock.nowMs += 1_000
  expect(reads.changesSince(revision)?.rows).toHaveLength(1)
  // Whoever asked did not take it in.
  expect(reads.changesSince(revision)?.rows).toHaveLength(1)
  await close()
})

test('a look is believed for 10 ms, counted from before it', async () => {
  const { reads, clock, revoke, close } = await createReads({ readMs: 8 })
  const { revision } = reads.changesSince(-1)!
  // Head and log took 8 ms each: that look is over, and another is made.
  expect([reads.changesSince(revision), clock.reads]).toEqual([undefined, 3])
  await revoke()
  clock.nowMs += 2
  expect([reads.changesSince(revision), clock.reads]).toEqual([undefined, 3])
  clock.nowMs += 1
  expect(reads.changesSince(revision)?.rows).toHaveLength(1)
  await close()
})
