/** A disk that cannot be read for a moment: what is asked then fails, and nothing else does, at that time or later. */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { KeyId } from '@latchkey/core/ids'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { AskedChanges, VerificationReads } from '../../src/storage/engine.ts'
import { startTestServer, type TestService } from '../harness.ts'

let server: TestService
let verification: VerificationReads
let changes: AskedChanges
let other: DatabaseSync

beforeEach(async () => {
  server = await startTestServer()
  const { engine } = server.services
  if (engine.changes.kind !== 'asked') throw new Error('of another store')
  verification = engine.verification
  changes = engine.changes
  other = new DatabaseSync(engine.place)
  // Of what is in memory, too, nothing counts any more: all is read anew.
  other.exec('UPDATE head SET revision = revision + 1')
})
afterEach(async () => {
  vi.useRealTimers()
  other.close()
  await server.dispose()
})

const FAULT = 'disk I/O error'

/** While `work` runs, what was stored last cannot be read. */
function withoutDisk<T>(work: () => T): T {
  const log = `${server.services.engine.place}-wal`
  const bytes = readFileSync(log)
  truncateSync(log)
  try {
    return work()
  } finally {
    writeFileSync(log, bytes, { flag: 'r+' })
  }
}

const isFound = () => verification.findKey(server.admin.keyId as KeyId) !== undefined

test('keys that are looked up together are found again when the disk is back', () => {
  verification.together!(() => withoutDisk(() => expect(isFound).toThrow(FAULT)))
  verification.together!(() => expect(isFound()).toBe(true))
})

test('whoever observes the store is told of the disk', async () => {
  await expect(withoutDisk(() => changes.followed.observe(0))).rejects.toThrow(FAULT)
  expect((await changes.followed.observe(0)).isAccepted).toBe(true)
})

test('a process goes on that looks whether others changed something', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const wake = vi.fn(() => true)
  changes.followed.onWake(wake)
  other.exec('UPDATE head SET revision = revision + 1')
  withoutDisk(() => vi.advanceTimersToNextTimer())
  const before = wake.mock.calls.length
  other.exec('UPDATE head SET revision = revision + 1')
  vi.advanceTimersToNextTimer()
  expect(wake).toHaveBeenCalledTimes(before + 1)
})
