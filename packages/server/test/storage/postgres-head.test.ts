/** Revisions are given in the order of commits. Two connections in a row of steps that a test decides. */
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { FollowedChanges } from '../../src/storage/engine.ts'
import { migratePostgres } from '../../src/storage/migrations/postgres.ts'
import { openPostgres } from '../../src/storage/postgres/postgres.ts'
import { startTestServer, type TestService } from '../harness.ts'

let server: TestService
let clients: pg.Client[]
let followed: FollowedChanges
let known: number

beforeAll(async () => {
  server = await startTestServer()
  clients = [1, 2].map(() => new pg.Client({ connectionString: server.databaseUrl }))
  await Promise.all(clients.map((client) => client.connect()))
  followed = server.services.engine.changes as FollowedChanges
})
afterAll(async () => {
  await Promise.all(clients.map((client) => client.end()))
  await server.dispose()
})
beforeEach(async () => {
  known = (await followed.survey()).revision
})

/** Resolves when the gate is opened. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}

test('a change that began first and commits last gets the later revision, and no reader misses it', async () => {
  const { engine } = server.services
  const begun = gate()
  const mayEnd = gate()
  const slow = engine.write(async (db, revoke) => {
    await db.selectFrom('companies').select('id').limit(1).execute()
    revoke({ scope: 'key', id: 'key_slow' })
    begun.open()
    await mayEnd.opened
  })
  await begun.opened
  const quick = await engine.write(async (_db, revoke) => revoke({ scope: 'key', id: 'key_quick' }))
  const between = await followed.observe(known)
  expect(between.rows.map(({ object_id }) => object_id)).toEqual(['key_quick'])
  mayEnd.open()
  const last = await slow
  expect(last.revocation!.revision).toBeGreaterThan(quick.revocation!.revision)
  const after = await followed.observe(between.revision)
  expect(after.rows.map(({ object_id }) => object_id)).toEqual(['key_slow'])
})

test('numbers of a sequence, read after the last one seen, lose the change that commits last', async () => {
  const [slow, quick] = clients as [pg.Client, pg.Client]
  await quick.query('CREATE TABLE numbered (number BIGSERIAL, name TEXT)')
  const readAfter = async (number: number) =>
    (await quick.query('SELECT number::int, name FROM numbered WHERE number > $1 ORDER BY number', [number]))
      .rows
  await slow.query('BEGIN')
  await slow.query("INSERT INTO numbered (name) VALUES ('slow')")
  await quick.query("INSERT INTO numbered (name) VALUES ('quick')")
  const seen = await readAfter(0)
  await slow.query('COMMIT')
  expect(seen).toEqual([{ number: 2, name: 'quick' }])
  expect(await readAfter(2)).toEqual([])
})

test('several changes of one write get consecutive revisions', async () => {
  const { revocation } = await server.services.engine.write(async (_db, revoke) => {
    for (const id of ['key_a', 'key_b', 'key_c'] as const) revoke({ scope: 'key', id })
  })
  const seen = await followed.observe(known)
  expect(seen.rows.map(({ revision, object_id }) => [revision - known, object_id])).toEqual([
    [1, 'key_a'],
    [2, 'key_b'],
    [3, 'key_c'],
  ])
  expect(revocation).toEqual({ revision: known + 3, epoch: seen.epoch })
})

test('whoever is further behind than the log is kept is told where the head is, and of no change', async () => {
  const kept = 10_000
  const [client] = clients as [pg.Client]
  await client.query(
    `INSERT INTO log (revision, scope, object_id)
      SELECT $1::bigint + n, 'key', 'key_' || n FROM generate_series(1, ${kept + 1}) n`,
    [known],
  )
  await client.query(`UPDATE head SET revision = revision + ${kept + 1}`)
  expect(await followed.observe(known)).toMatchObject({ revision: known + kept + 1, rows: [] })
  expect((await followed.observe(known + 1)).rows).toHaveLength(kept)
})

test('a write that throws leaves neither rows nor a revision', async () => {
  const write = server.services.engine.write(async (_db, revoke) => {
    revoke({ scope: 'key', id: 'key_undone' })
    throw new Error('on purpose')
  })
  await expect(write).rejects.toThrow('on purpose')
  expect(await followed.observe(known)).toMatchObject({ revision: known, rows: [] })
})

test('a write that began in another epoch is not stored', async () => {
  const { engine } = server.services
  const [client] = clients as [pg.Client]
  const epoch = (await followed.survey()).epoch
  const write = engine.write(async (_db, revoke) => {
    await client.query("UPDATE head SET epoch = 'another'")
    revoke({ scope: 'key', id: 'key_of_the_old_epoch' })
  })
  await expect(write).rejects.toThrow(/was restored or replaced/)
  await client.query('UPDATE head SET epoch = $1', [epoch])
  expect(await followed.observe(known)).toMatchObject({ revision: known, rows: [] })
})

test('audit events cannot be changed or deleted, whoever asks', async () => {
  const [client] = clients as [pg.Client]
  for (const sql of [
    "UPDATE audit_events SET action = 'x'",
    'DELETE FROM audit_events',
    'TRUNCATE audit_events',
  ]) {
    await expect(client.query(sql)).rejects.toThrow('never changed')
  }
})

test.each([
  ['a cluster', "system_identifier = '1'"],
  ['a timeline', "timeline = '000000FF'"],
])(
  'a head of another %s admits no read, no look-up, no write and no survey as ours',
  async (_what, change) => {
    const [client] = clients as [pg.Client]
    const { rows } = await client.query('SELECT system_identifier, timeline FROM head')
    await client.query(`UPDATE head SET ${change}`)
    const { engine } = server.services
    try {
      await expect(engine.read(async () => 1)).rejects.toMatchObject({ code: 'unavailable' })
      await expect(engine.write(async () => 1)).rejects.toMatchObject({ code: 'unavailable' })
      await expect(engine.verification.findKey('key_x')).rejects.toMatchObject({ code: 'unavailable' })
      expect(await followed.survey()).toMatchObject({ isAccepted: false })
    } finally {
      await client.query('UPDATE head SET system_identifier = $1, timeline = $2', [
        rows[0].system_identifier,
        rows[0].timeline,
      ])
    }
  },
)

test('migrations of several servers that start at once are applied once', async () => {
  const [client] = clients as [pg.Client]
  await client.query('CREATE SCHEMA fresh')
  const given = `${server.databaseUrl}`
  const options = {
    // Of these connections only: the role is that of every other test, which may run beside this one.
    url: `${given}${given.includes('?') ? '&' : '?'}options=-c%20search_path%3Dfresh`,
    connectionsMax: 2,
    acceptedOff: [],
    expect: () => () => true,
    onCommit: () => {},
    onError: () => {},
  }
  const engines = await Promise.all(Array.from({ length: 5 }, () => openPostgres(options)))
  await Promise.all(engines.map((engine) => engine.close()))
  const { rows } = await client.query('SELECT name FROM fresh.migrations ORDER BY name')
  const { rows: known } = await client.query('SELECT name FROM public.migrations ORDER BY name')
  expect(rows).toEqual(known)
})

test('tables that another server makes while this one looks are not those of another program', async () => {
  const [client] = clients as [pg.Client]
  await client.query('CREATE SCHEMA meanwhile')
  const connectThere = async () => {
    const there = new pg.Client({ connectionString: server.databaseUrl })
    await there.connect()
    await there.query('SET search_path = meanwhile')
    return there
  }
  const [one, other] = await Promise.all([connectThere(), connectThere()])
  const query = one.query.bind(one) as (...args: unknown[]) => Promise<unknown>
  let asked = 0
  const looking = vi.spyOn(one, 'query').mockImplementation((async (...args: unknown[]) => {
    const answer = await query(...args)
    asked += 1
    // It has found none yet.
    if (asked === 1) await migratePostgres(other)
    return answer
  }) as never)
  await migratePostgres(one)
  expect(looking).toHaveBeenCalledTimes(4)
  await Promise.all([one.end(), other.end()])
})

test('a write that stood still for longer than the database waits is run again, and stored once', async () => {
  const { engine } = server.services
  let runs = 0
  const { value } = await engine.write(async (db) => {
    runs += 1
    await db.selectFrom('companies').select('id').limit(1).execute()
    if (runs === 1) await new Promise((resolve) => setTimeout(resolve, 700))
    await db
      .insertInto('idempotency')
      .values({
        hash: Buffer.alloc(32, 7),
        body_hash: Buffer.alloc(1),
        sealed: Buffer.alloc(1),
        expires_at: 1,
      })
      .execute()
    return runs
  })
  expect(value).toBe(2)
})

test('a head that went back is refused by servers that start afterwards, too', async () => {
  const [client] = clients as [pg.Client]
  await server.services.engine.write(async (_db, revoke) => revoke({ scope: 'key', id: 'key_x' }))
  await vi.waitFor(async () =>
    expect(server.services.revocations.applied).toBe((await followed.survey()).revision),
  )
  const { rows } = await client.query('SELECT revision, timeline FROM head')
  await client.query('UPDATE head SET revision = revision - 1')
  try {
    await vi.waitFor(async () => expect(await followed.survey()).toMatchObject({ isAccepted: false }), 5_000)
    const newcomer = await server.join()
    expect(await newcomer.call({ path: '/me' })).toMatchObject({
      status: 503,
      body: { code: 'cannot_verify' },
    })
    await newcomer.dispose()
  } finally {
    await client.query("UPDATE head SET revision = $1, timeline = $2, epoch = 'the next'", [
      rows[0].revision,
      rows[0].timeline,
    ])
  }
})

test('while a store is being accepted nobody may use it, and of two who accept it one does', async () => {
  const { engine } = server.services
  const [client] = clients as [pg.Client]
  const before = await followed.survey()
  let accepted = 0
  const accept = () =>
    engine.accept(async () => {
      accepted += 1
    })
  const accepting = Promise.all([accept(), accept()])
  // Or a server that is cut off then holds a lease without a row, and nobody waits for it.
  await vi.waitFor(async () => {
    const { rows } = await client.query('SELECT epoch, timeline FROM head')
    expect(rows).toEqual([{ epoch: before.epoch, timeline: '' }])
  })
  await accepting
  const after = await followed.survey()
  expect(after).toMatchObject({ isAccepted: true, revision: before.revision + 1 })
  expect(after.epoch).not.toBe(before.epoch)
  expect(accepted).toBe(1)
})
