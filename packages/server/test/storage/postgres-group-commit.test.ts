/** Writes of one company that wait for its row share one durable transaction, and share nothing else. */
import { AppError } from '@latchkey/core/error'
import type { CompanyId, SessionId, UserId } from '@latchkey/core/ids'
import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Revoke, WriteTurn, Written } from '../../src/storage/engine.ts'
import { openPostgres } from '../../src/storage/postgres/postgres.ts'
import { findLedgerLocked } from '../../src/storage/tables/ledger.ts'
import type { Db } from '../../src/storage/tables/schema.ts'
import { createTestCompany, startTestServer, type TestService } from '../harness.ts'
import { holdCompanyRow } from '../held-rows.ts'

let server: TestService
/** Another process, as far as the database is concerned: it sees what is committed and nothing else. */
let onlooker: pg.Client
let companyId: CompanyId
let otherId: CompanyId

beforeAll(async () => {
  server = await startTestServer()
  onlooker = new pg.Client({ connectionString: server.databaseUrl })
  await onlooker.connect()
  companyId = (await createTestCompany(server)).id as CompanyId
  otherId = (await createTestCompany(server)).id as CompanyId
})
afterAll(async () => {
  await onlooker.end()
  await server.dispose()
})
beforeEach(async () => {
  await onlooker.query('DELETE FROM idempotency')
})

type Work<T> = (db: Db, revoke: Revoke) => Promise<T>

/** As every change begins: with the row of its company. */
function write<T>(work: Work<T>, turn: Partial<WriteTurn> = {}): Promise<Written<T>> {
  const { party = companyId } = turn
  return server.services.engine.write(
    async (db, revoke) => {
      await findLedgerLocked(db, party as CompanyId)
      return work(db, revoke)
    },
    { party, mayShare: true, ...turn },
  )
}

/** A row like any other, told apart by `n`. */
async function insert(db: Db, n: number): Promise<void> {
  const bytes = Buffer.from([n >> 8, n & 255])
  const row = {
    hash: Buffer.concat([bytes, Buffer.alloc(30)]),
    body_hash: bytes,
    sealed: bytes,
    expires_at: n,
  }
  await db.insertInto('idempotency').values(row).execute()
}

/** Of the rows that were inserted so, in their order. */
async function transactionsOfRows(): Promise<string[]> {
  const { rows } = await onlooker.query('SELECT xmin::text AS id FROM idempotency ORDER BY expires_at')
  return rows.map(({ id }) => id)
}

async function committed(): Promise<number[]> {
  const { rows } = await onlooker.query('SELECT expires_at::int AS n FROM idempotency ORDER BY n')
  return rows.map(({ n }) => n)
}

/** Holds the row of the company: the first two writes wait for it at the database, the others behind them. */
async function occupied<T>(ask: () => readonly Promise<T>[]) {
  const held = await holdCompanyRow(server, companyId)
  const asked = ask()
  await held.untilWaiting(Math.min(2, asked.length))
  await held.release()
  return asked
}

/** Ends a process of the database, and lets this one hear of it. */
async function endProcess(pid: number): Promise<void> {
  await onlooker.query('SELECT pg_terminate_backend($1, 5000)', [pid])
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

describe('writes that wait together', () => {
  test('share few transactions, and none with those of another company or with what holds no row', async () => {
    const others = [{ party: otherId }, { mayShare: false }, { isUrgent: true }]
    const asked = await occupied(() => [
      ...numbers(40).map((n) => write((db) => insert(db, n))),
      ...others.map((turn, n) => write((db) => insert(db, 100 + n), turn)),
    ])
    await Promise.all(asked)
    const transactions = await transactionsOfRows()
    const shared = new Set(transactions.slice(0, 40))
    expect(shared.size).toBeLessThan(20)
    for (const id of transactions.slice(40)) expect(shared).not.toContain(id)
    expect(await committed()).toEqual([...numbers(40), 100, 101, 102])
  })

  test('are done one after the other, each seeing what those before it did', async () => {
    const running: string[] = []
    const asked = await occupied(() =>
      numbers(10).map((n) =>
        write(async (db) => {
          running.push('begins')
          await insert(db, n)
          const rows = await db.selectFrom('idempotency').select('hash').execute()
          running.push('ends')
          return rows.length
        }),
      ),
    )
    const counts = (await Promise.all(asked)).map(({ value }) => value)
    expect([...counts].sort((one, other) => one - other)).toEqual(numbers(10).map((n) => n + 1))
    expect(running).toEqual(numbers(10).flatMap(() => ['begins', 'ends']))
  })

  test('are answered when others can see them, and none before the last of them has run', async () => {
    const gate = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    const seen: (readonly number[])[] = []
    const note = async () => void seen.push(await committed())
    // The second leads a transaction of its own, which waits for the row.
    const first = write((db) => insert(db, 1)).then(note)
    const second = write((db) => insert(db, 2)).then(note)
    const last = write(async (db) => {
      await insert(db, 3)
      reached.resolve()
      await gate.promise
    }).then(note)
    await reached.promise
    expect(await committed()).not.toContain(3)
    gate.resolve()
    await Promise.all([first, second, last])
    expect(seen.at(-1)).toEqual([1, 2, 3])
    for (const numbersSeen of seen) expect(numbersSeen).not.toEqual([])
  })

  test('are each run once, while connections for them are still to be made', async () => {
    const engine = await openPostgres({
      url: server.databaseUrl!,
      connectionsMax: 10,
      acceptedOff: [],
      expect: () => () => true,
      onCommit: () => {},
      onError: () => {},
    })
    const runs = numbers(20).map(() => 0)
    const turn = { party: companyId, mayShare: true }
    await Promise.all(
      numbers(20).map((n) =>
        engine.write(async (db) => {
          await findLedgerLocked(db, companyId)
          runs[n]! += 1
        }, turn),
      ),
    )
    await engine.close()
    expect(runs).toEqual(Array(20).fill(1))
  })

  test('name what they revoke, each its own, under the revision of their commit', async () => {
    const asked = await occupied(() =>
      numbers(8).map((n) =>
        write(async (_db, revoke) => {
          if (n % 2 === 0) revoke({ scope: 'key', id: `key_${n}` }, companyId)
        }),
      ),
    )
    const written = await Promise.all(asked)
    expect(written.map(({ revocation }) => revocation !== undefined)).toEqual(
      numbers(8).map((n) => n % 2 === 0),
    )
    const { rows } = await onlooker.query(
      "SELECT object_id AS id, revision::int FROM log WHERE company_id = $1 AND object_id ~ '^key_.$' ORDER BY id",
      [companyId],
    )
    expect(rows.map(({ id }) => id)).toEqual(['key_0', 'key_2', 'key_4', 'key_6'])
    for (const [place, { revision }] of rows.entries()) {
      expect(written[place * 2]!.revocation!.revision).toBeGreaterThanOrEqual(revision)
    }
  })
})

describe('one bad write among good ones fails alone, and leaves nothing behind', () => {
  const refusal = () => new AppError('company_not_found', 'on purpose')
  const orphan = { user_id: 'usr_nobody' as UserId, created_at: 0, expires_at: 0, ended_at: null }

  test.each<readonly [name: string, bad: Work<unknown>, message: RegExp]>([
    ['one that is refused before it has written', () => Promise.reject(refusal()), /on purpose/],
    [
      'one that is refused after it has written',
      async (db) => {
        await insert(db, 900)
        throw refusal()
      },
      /on purpose/,
    ],
    [
      'one that is refused after it has named something as revoked',
      async (_db, revoke) => {
        revoke({ scope: 'key', id: 'key_kept' }, companyId)
        throw refusal()
      },
      /on purpose/,
    ],
    [
      'one with a bug, before it has written',
      async () => {
        throw new TypeError('a bug')
      },
      /a bug/,
    ],
    [
      'one that breaks a unique index, which nobody waits for',
      async (db) => {
        await insert(db, 900)
        await insert(db, 900)
      },
      /does not answer as it should/,
    ],
    [
      'one that breaks a reference',
      async (db) => {
        await insert(db, 900)
        await db
          .insertInto('sessions')
          .values({ ...orphan, id: 'ses_x' as SessionId })
          .execute()
      },
      /foreign key/,
    ],
    [
      'one that asks for what is not there',
      async (db) => {
        await insert(db, 900)
        await sql`SELECT * FROM nowhere`.execute(db)
      },
      /nowhere/,
    ],
  ])('%s', async (_, bad, message) => {
    const good = (n: number) => write((db) => insert(db, n)).then(() => 'kept')
    const asked = await occupied(() => [
      ...numbers(4).map(good),
      write(bad).then(
        () => 'kept',
        (error: Error) => error.message,
      ),
      ...numbers(4).map((n) => good(10 + n)),
    ])
    const answers = await Promise.all(asked)
    expect(answers[4]).toMatch(message)
    expect(answers.toSpliced(4, 1)).toEqual(Array(8).fill('kept'))
    expect(await committed()).toEqual([0, 1, 2, 3, 10, 11, 12, 13])
    const { rows } = await onlooker.query("SELECT 1 FROM log WHERE object_id = 'key_kept'")
    expect(rows).toEqual([])
    // The connections go on.
    await write((db) => insert(db, 20))
  })

  test('none is refused for what another of them did and what then never came to be', async () => {
    let runs = 0
    const asked = await occupied<unknown>(() => [
      ...numbers(2).map((n) => write((db) => insert(db, n))),
      write(async (db) => {
        runs += 1
        // It is taken back with the next one, and refused when it is run again.
        if (runs > 1) throw refusal()
        await insert(db, 800)
      }).catch(() => {}),
      write(async (db) => {
        const rows = await db.selectFrom('idempotency').select('expires_at').execute()
        await insert(db, 900)
        const isTaken = rows.some(({ expires_at }) => expires_at === 800)
        throw new AppError('already_exists', isTaken ? '800 is taken' : '800 is free')
      }).catch(({ detail }: AppError) => detail),
    ])
    const answers = await Promise.all(asked)
    // On a slow machine the two may have had a transaction each.
    const isStored = (await committed()).includes(800)
    expect(answers.at(-1)).toBe(isStored ? '800 is taken' : '800 is free')
  })

  test('many bad ones among many good ones', async () => {
    const asked = await occupied(() =>
      numbers(60).map((n) =>
        write(async (db) => {
          if (n % 3 === 1) throw refusal()
          await insert(db, n)
          if (n % 3 === 2) throw refusal()
        }).then(
          () => 'kept',
          () => 'undone',
        ),
      ),
    )
    expect(await Promise.all(asked)).toEqual(numbers(60).map((n) => (n % 3 === 0 ? 'kept' : 'undone')))
    expect(await committed()).toEqual(numbers(60).filter((n) => n % 3 === 0))
  })
})

test('a connection that is lost in the middle of them loses none and stores none twice', async () => {
  let runs = 0
  const asked = await occupied(() =>
    numbers(12).map((n) =>
      write(async (db) => {
        await insert(db, n)
        if (n !== 6) return
        runs += 1
        if (runs > 1) return
        const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(db)
        await endProcess(rows[0]!.pid)
      }),
    ),
  )
  await Promise.all(asked)
  expect(runs).toBe(2)
  expect(await committed()).toEqual(numbers(12))
})
