/** Writes that wait together share one durable transaction, and share nothing else. */
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Turn } from '@latchkey/core/fair-queue'
import type { SessionId, UserId } from '@latchkey/core/ids'
import { inject } from 'light-my-request'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createApp } from '../../src/app.ts'
import { storeFileOf } from '../../src/open-store.ts'
import type { Db } from '../../src/storage/tables/schema.ts'
import { startTestServer, type TestService } from '../harness.ts'

let server: TestService
/** Another process, as far as the file is concerned: it sees what is committed and nothing else. */
let onlooker: DatabaseSync

beforeEach(async () => {
  server = await startTestServer()
  onlooker = new DatabaseSync(storeFileOf(server.dataDir))
})
afterEach(async () => {
  onlooker.close()
  await server.dispose()
})

async function write<T>(work: (db: Db) => Promise<T>, turn?: Turn): Promise<T> {
  return (await server.services.engine.write(work, turn)).value
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

const committed = (): number[] =>
  onlooker
    .prepare('SELECT expires_at AS n FROM idempotency ORDER BY n')
    .all()
    .map(({ n }) => Number(n))

/** Holds the writer inside a write until `release` is called; what is asked for from now on waits together. */
async function occupy(): Promise<{ readonly release: () => void; readonly done: Promise<void> }> {
  const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const done = write(async () => {
    begun.resolve()
    await gate.promise
  })
  await begun.promise
  return { release: gate.resolve, done }
}

/** Durable transactions so far, and the writes in them. */
async function commits(): Promise<{ readonly transactions: number; readonly writes: number }> {
  const text = await server.services.metrics.text()
  const read = (name: string) =>
    Number(new RegExp(`^latchkey_store_commit_writes_${name} (\\d+)$`, 'm').exec(text)?.[1])
  return { transactions: read('count'), writes: read('sum') }
}

describe('writes that wait together', () => {
  test('share few transactions', async () => {
    const before = await commits()
    const { release, done } = await occupy()
    const waiting = Array.from({ length: 100 }, (_, n) => write((db) => insert(db, n)))
    release()
    await Promise.all([done, ...waiting])
    const after = await commits()
    expect(after.writes - before.writes).toBe(101)
    // How many fit into one depends on the time they take: see sqlite-writer-turns.test.ts.
    expect(after.transactions - before.transactions).toBeLessThan(50)
    expect(committed()).toEqual(waiting.map((_, n) => n))
  })

  test('run in the order they came, one after the other, each seeing what those before it did', async () => {
    const { release, done } = await occupy()
    const running: string[] = []
    const waiting = Array.from({ length: 10 }, (_, n) =>
      write(async (db) => {
        running.push(`${n} begins`)
        await insert(db, n)
        const rows = await db.selectFrom('idempotency').select('hash').execute()
        running.push(`${n} ends`)
        return rows.length
      }),
    )
    release()
    await done
    expect(await Promise.all(waiting)).toEqual(waiting.map((_, n) => n + 1))
    expect(running).toEqual(waiting.flatMap((_, n) => [`${n} begins`, `${n} ends`]))
  })

  test('are answered when others can see them, and none before the last of them has run', async () => {
    const { release, done } = await occupy()
    const gate = Promise.withResolvers<void>()
    const seen: (readonly number[])[] = []
    const first = write((db) => insert(db, 1)).then(() => seen.push(committed()))
    const last = write(async (db) => {
      await insert(db, 2)
      // The first has run, in the same transaction: it is neither answered nor to be seen.
      expect(committed()).toEqual([])
      expect(seen).toEqual([])
      await gate.promise
      expect(seen).toEqual([])
    }).then(() => seen.push(committed()))
    release()
    gate.resolve()
    await Promise.all([done, first, last])
    expect(seen).toEqual([
      [1, 2],
      [1, 2],
    ])
  })

  test('more of them than one transaction takes are all written', async () => {
    const { release, done } = await occupy()
    const waiting = Array.from({ length: 300 }, (_, n) => write((db) => insert(db, n)))
    release()
    await Promise.all([done, ...waiting])
    expect(committed()).toHaveLength(300)
  })

  test('beyond five thousand the next is refused at once, and those before it are served', async () => {
    const { release, done } = await occupy()
    const waiting = Array.from({ length: 5_000 }, (_, n) =>
      write(async () => 'served', { party: `${n % 2}` }),
    )
    await expect(write(async () => 'served')).rejects.toMatchObject({
      code: 'unavailable',
      retryAfterSeconds: 1,
    })
    release()
    await done
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['served']))
    expect(await write(async () => 'later')).toBe('later')
  })
})

test('the store is told who stands in line', async () => {
  let isMoreComing = () => false
  const gatherWhile = (ask: () => boolean) => {
    isMoreComing = ask
  }
  const { services, adminKey } = server
  const { dispatch } = createApp({ ...services, engine: { ...services.engine, gatherWhile } })
  expect(isMoreComing()).toBe(false)
  const list = { url: '/keys', headers: { 'x-api-key': adminKey } }
  let isOver = false
  const lists = Promise.all(Array.from({ length: 100 }, () => inject(dispatch, list))).finally(() => {
    isOver = true
  })
  while (!isOver && !isMoreComing()) await nextTurn()
  expect(isMoreComing()).toBe(true)
  await lists
  expect(isMoreComing()).toBe(false)
})

test('as long as somebody does, what comes a turn later shares the transaction', async () => {
  server.services.engine.gatherWhile?.(() => true)
  const transactionsOfFive = async () => {
    const before = await commits()
    const writes: Promise<void>[] = []
    for (let n = 0; n < 5; n++) {
      writes.push(write(async () => {}))
      await nextTurn()
    }
    await Promise.all(writes)
    return (await commits()).transactions - before.transactions
  }
  // A turn may take longer than any transaction waits; where none waits, five are five each time.
  await expect.poll(transactionsOfFive).toBeLessThan(5)
})

test('a company that has two thousand waiting keeps others waiting for one transaction', async () => {
  const { release, done } = await occupy()
  const order: string[] = []
  const ask = (name: string, turn: Turn) => write(async () => void order.push(name), turn)
  const asked = Array.from({ length: 2_000 }, (_, n) => ask(`busy ${n}`, { party: 'busy' }))
  for (let n = 0; n < 600; n++) asked.push(ask(`stop ${n}`, { party: 'busy', isUrgent: true }))
  for (const party of ['one', 'two', 'three']) asked.push(ask(party, { party }))
  asked.push(ask('their revocation', { party: 'one', isUrgent: true }))
  // Half of what one company may have waiting is free for others still.
  for (let n = 0; n < 500; n++) asked.push(ask(`more ${n}`, { party: 'busy' }))
  await expect(ask('too many', { party: 'busy' })).rejects.toMatchObject({ code: 'unavailable' })
  release()
  await Promise.all([done, ...asked])
  const first = order.slice(0, 128)
  for (const name of ['one', 'two', 'three', 'their revocation']) expect(first).toContain(name)
  // Revocations of the busy one are before what it asked for long before them, and do not keep it out.
  expect(first.filter((name) => name.startsWith('stop')).length).toBe(63)
  expect(order.filter((name) => name.startsWith('busy'))).toEqual(
    Array.from({ length: 2_000 }, (_, n) => `busy ${n}`),
  )
})

describe('one bad write among good ones fails alone, and leaves nothing behind', () => {
  const orphan = { user_id: 'usr_nobody' as UserId, created_at: 0, expires_at: 0, ended_at: null }

  test.each<readonly [name: string, bad: (db: Db) => Promise<unknown>, message: RegExp]>([
    [
      'one that throws after it has written',
      async (db) => {
        await insert(db, 900)
        throw new Error('on purpose')
      },
      /on purpose/,
    ],
    [
      'one that breaks a unique index',
      async (db) => {
        await insert(db, 900)
        await insert(db, 1)
      },
      /UNIQUE/,
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
      /FOREIGN KEY/,
    ],
    [
      'one that asks for what is not there',
      async (db) => {
        await insert(db, 900)
        await db
          .selectFrom('nowhere' as 'keys')
          .selectAll()
          .execute()
      },
      /nowhere/,
    ],
  ])('%s', async (_, bad, message) => {
    const { release, done } = await occupy()
    const before = [write((db) => insert(db, 1)), write((db) => insert(db, 2))]
    const failing = write(bad)
    const after = [write((db) => insert(db, 3)), write((db) => insert(db, 4))]
    const refused = expect(failing).rejects.toThrow(message)
    release()
    await Promise.all([done, ...before, ...after, refused])
    expect(committed()).toEqual([1, 2, 3, 4])
    // The writer goes on.
    await write((db) => insert(db, 5))
    expect(committed()).toEqual([1, 2, 3, 4, 5])
  })

  test('many bad ones among many good ones', async () => {
    const { release, done } = await occupy()
    const results = Array.from({ length: 120 }, (_, n) =>
      write(async (db) => {
        await insert(db, n)
        if (n % 3 === 0) throw new Error('on purpose')
      }).then(
        () => 'kept',
        () => 'undone',
      ),
    )
    release()
    await done
    expect(await Promise.all(results)).toEqual(results.map((_, n) => (n % 3 === 0 ? 'undone' : 'kept')))
    expect(committed()).toEqual(results.map((_, n) => n).filter((n) => n % 3 !== 0))
  })
})

test('one that throws with nobody beside it is undone, is no transaction, and the writer goes on', async () => {
  const before = await commits()
  const failing = write(async (db) => {
    await insert(db, 1)
    throw new Error('on purpose')
  })
  await expect(failing).rejects.toThrow('on purpose')
  expect((await commits()).transactions).toBe(before.transactions)
  await write((db) => insert(db, 2))
  expect(committed()).toEqual([2])
})

test('while another process holds the file a write waits, and goes through when it is free', async () => {
  onlooker.exec('BEGIN IMMEDIATE')
  let isAnswered = false
  const waiting = write((db) => insert(db, 1)).then(() => {
    isAnswered = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect(isAnswered).toBe(false)
  onlooker.exec('COMMIT')
  await waiting
  expect(committed()).toEqual([1])
})

test('closing waits for what was asked for', async () => {
  const other = await startTestServer()
  const file = storeFileOf(other.dataDir)
  const writes = Array.from({ length: 20 }, (_, n) => other.services.engine.write((db) => insert(db, n)))
  await Promise.all([other.services.engine.close(), ...writes])
  const database = new DatabaseSync(file, { readOnly: true })
  expect(database.prepare('SELECT count(*) AS n FROM idempotency').get()).toMatchObject({ n: 20 })
  database.close()
  await other.dispose().catch(() => {})
})
