/** What a process of the embedded store is told that others changed in its file. */
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AskedChanges } from '../../src/storage/engine.ts'
import { startTestServer, type TestService } from '../harness.ts'

let server: TestService
let other: DatabaseSync

beforeEach(async () => {
  server = await startTestServer()
  other = new DatabaseSync(server.services.engine.place, { timeout: 5_000 })
})
afterEach(async () => {
  other.close()
  await server.dispose()
})

test('whoever is further behind than the log is kept is told where the head is, and of no change', async () => {
  const kept = 10_000
  const asked = server.services.engine.changes as AskedChanges
  const { revision: known } = await asked.followed.survey()
  other.exec(`WITH RECURSIVE later (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM later WHERE n <= ${kept})
    INSERT INTO log (revision, scope, object_id) SELECT ${known} + n, 'key', 'key_' || n FROM later;
    UPDATE head SET revision = revision + ${kept + 1}`)
  for (const [after, count] of [
    [known, 0],
    [known + 1, kept],
  ] as const) {
    const told = [asked.changesSince(after), await asked.followed.observe(after)]
    expect(told.map((changes) => [changes?.revision, changes?.rows.length])).toEqual(
      Array(2).fill([known + kept + 1, count]),
    )
  }
})
