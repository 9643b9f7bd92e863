/** A use that is being written while its user is deleted: on PostgreSQL writes overlap. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { upsertUsage } from '../../src/storage/tables/usage.ts'
import { expectCreated, useTestServer } from '../harness.ts'

const USED_FROM = '203.0.113.77'
/** Longer than a deletion takes that waits for nothing. */
const HELD_MS = 500

const server = useTestServer()

test('a write that began before the deletion and ends after it brings no address back', async () => {
  const { engine } = server.services
  const user = await expectCreated(server, { path: '/users', body: { name: 'Ada', role: 'developer' } })
  const key = await expectCreated(server, { path: '/keys', body: { userId: user.id } })
  expect((await server.call({ method: 'DELETE', path: `/keys/${key.id}` })).status).toBe(204)

  const begun = Promise.withResolvers<void>()
  let mayEnd = false
  const writing = engine.writeUnsynced(async (db) => {
    await upsertUsage(db, [{ keyId: key.id, atMs: Date.now(), address: USED_FROM }])
    // The database ends what stands still.
    while (!mayEnd) {
      await db.selectFrom('companies').select('id').limit(1).execute()
      begun.resolve()
      await sleep(10)
    }
  })
  await begun.promise
  const removing = server.call({ method: 'DELETE', path: `/users/${user.id}` })
  await vi.waitFor(async () => {
    const query = engine.read((db) =>
      db.selectFrom('users').select('deleted_at').where('id', '=', user.id).executeTakeFirst(),
    )
    expect((await query)?.deleted_at).not.toBeNull()
  }, 10_000)
  await Promise.race([removing, sleep(HELD_MS)])
  mayEnd = true
  await writing
  expect((await removing).status).toBe(204)
  const uses = await engine.read((db) =>
    db.selectFrom('key_usage').selectAll().where('key_id', '=', key.id).execute(),
  )
  expect(uses).toMatchObject([{ last_address: null }])
})
