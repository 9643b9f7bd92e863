/** A batch of writes is bounded in number and in time, and leaves others their turns while it is open. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSqliteConnection, type SqliteConnection } from '../../src/storage/sqlite/connection.ts'
import { createSqliteWriter, type SqliteWriter } from '../../src/storage/sqlite/writer.ts'
import type { Db } from '../../src/storage/tables/schema.ts'

let directory: string
let connection: SqliteConnection
let writer: SqliteWriter
let nowMs: number
/** Whether others stand in line. */
let isMoreComing: boolean
/** Writes of each transaction, in order. */
let batches: number[]

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-writer-'))
  connection = openSqliteConnection(join(directory, 'store'), { isReadOnly: false })
  nowMs = 0
  isMoreComing = false
  batches = []
  const hooks = { onFatal: () => {}, onCommit: (writes: number) => void batches.push(writes) }
  writer = createSqliteWriter(connection, hooks, () => nowMs)
  writer.gatherWhile(() => isMoreComing)
})
afterEach(() => {
  connection.database.close()
  rmSync(directory, { recursive: true })
})

/** Writes that come together, each of which takes so long. */
const writeAll = (count: number, tookMs: number, work: (db: Db) => Promise<void> = async () => {}) =>
  Promise.all(
    Array.from({ length: count }, () =>
      writer.write(async (db) => {
        nowMs += tookMs
        await work(db)
      }),
    ),
  )

describe('a transaction takes', () => {
  test.each([
    ['128 writes that take no time', 300, 0, [128, 128, 44]],
    ['all that come together', 100, 0.1, [100]],
    ['as many as have begun in 20 ms', 10, 6, [4, 4, 2]],
    ['one that takes longer, by itself', 3, 50, [1, 1, 1]],
  ])('%s', async (_, count, tookMs, expected) => {
    await writeAll(count, tookMs)
    expect(batches).toEqual(expected)
  })
})

test('a transaction takes all writes of one turn of the event loop, whichever came first', async () => {
  const first = writer.write(async () => {})
  // Steps within the turn, as a request takes some from its first byte to its write.
  for (let step = 0; step < 100; step += 1) await Promise.resolve()
  await Promise.all([first, writer.write(async () => {})])
  expect(batches).toEqual([2])
})

describe('before it begins, a transaction waits', () => {
  /** Has one write in each turn of the event loop, which takes so long, until the first transaction is over. */
  async function writeInTurns(count: number, turnMs: number): Promise<number> {
    const writes = []
    for (let n = 0; n < count && batches.length === 0; n++) {
      writes.push(writer.write(async () => {}))
      await nextTurn()
      nowMs += turnMs
    }
    await Promise.all(writes)
    return writes.length
  }

  test.each<readonly [string, boolean, number, number]>([
    ['for each that comes a turn after the last, while others stand in line', true, 0.1, 10],
    ['for 5 ms at most', true, 2.5, 3],
    ['for none when nobody stands in line', false, 0.1, 1],
  ])('%s', async (_, areOthersInLine, turnMs, expected) => {
    isMoreComing = areOthersInLine
    await writeInTurns(10, turnMs)
    expect(batches[0]).toBe(expected)
  })

  test('for none when it has as many as it takes', async () => {
    isMoreComing = true
    expect(await writeInTurns(1_000, 0)).toBeLessThan(128 + 8)
    expect(batches[0]).toBe(128)
  })

  test('for none that may come later', async () => {
    isMoreComing = true
    const first = writer.write(async () => {})
    for (let turn = 0; turn < 4; turn++) await nextTurn()
    await Promise.all([first, writer.write(async () => {})])
    expect(batches).toEqual([1, 1])
  })
})

describe('between writes of one transaction', () => {
  /** In which turn of the event loop each of them runs. */
  async function turnsOf(count: number, tookMs: number): Promise<number[]> {
    let turn = 0
    let isOver = false
    const counting = (async () => {
      while (!isOver) {
        await nextTurn()
        turn += 1
      }
    })()
    const turns: number[] = []
    await writeAll(count, tookMs, async () => void turns.push(turn))
    isOver = true
    await counting
    return turns
  }

  test('others have their turn after half a millisecond', async () => {
    const turns = await turnsOf(8, 0.6)
    expect(batches).toEqual([8])
    expect(new Set(turns).size).toBe(8)
  })

  test('nobody has to wait for it where they take no time', async () => {
    const turns = await turnsOf(100, 0)
    expect(new Set(turns).size).toBe(1)
  })

  test('one that comes meanwhile is taken along', async () => {
    let late: Promise<void> | undefined
    await writeAll(4, 1, async () => {
      late ??= nextTurn().then(() => writer.write(async () => {}))
    })
    await late
    expect(batches).toEqual([5])
  })

  test('one that fails in a later turn is undone alone', async () => {
    connection.database.exec('CREATE TABLE noted (n INTEGER)')
    const run = (n: number, fails: boolean) =>
      writer.write(async () => {
        nowMs += 1
        connection.database.exec(`INSERT INTO noted VALUES (${n})`)
        if (fails) throw new Error('on purpose')
      })
    const [first, second, third] = await Promise.allSettled([run(1, false), run(2, true), run(3, false)])
    expect([first.status, second.status, third.status]).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(
      connection.database
        .prepare('SELECT n FROM noted')
        .all()
        .map(({ n }) => n),
    ).toEqual([1, 3])
    expect(batches).toEqual([3])
  })
})

test('one that comes as soon as the last was answered is written too', async () => {
  for (let n = 0; n < 3; n++) await writer.write(async () => {})
  expect(batches).toEqual([1, 1, 1])
})

describe('the disk is waited for', () => {
  beforeEach(() => connection.database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL'))

  /** Whether each of the writes that come together is synced, and how SQLite would commit it: 2 is FULL, 1 is NORMAL. */
  async function modesOf(all: readonly boolean[], tookMs = 0): Promise<unknown[]> {
    const modes: unknown[] = []
    await Promise.all(
      all.map((isSynced) =>
        (isSynced ? writer.write : writer.writeUnsynced)(async () => {
          nowMs += tookMs
          modes.push([isSynced, connection.database.prepare('PRAGMA synchronous').get()?.synchronous])
        }),
      ),
    )
    return modes
  }

  test.each([
    ['by a synced write', [true], [[true, 2]]],
    ['not by one that is not', [false], [[false, 1]]],
    [
      'by all that share a transaction with one',
      [true, false, true],
      [
        [true, 2],
        [false, 2],
        [true, 2],
      ],
    ],
  ])('%s', async (_, all, expected) => {
    expect(await modesOf(all)).toEqual(expected)
  })

  test('by a write that comes with one that need not, in the next transaction', async () => {
    expect(await modesOf([false, true, false])).toEqual([
      [false, 1],
      [true, 2],
      [false, 2],
    ])
    expect(batches).toEqual([1, 2])
  })

  test('again after it was not, and after one that failed', async () => {
    const failed = writer.writeUnsynced(async () => {
      throw new Error('on purpose')
    })
    await expect(failed).rejects.toThrow('on purpose')
    for (const isSynced of [true, false, true, true, false, false, true]) {
      expect(await modesOf([isSynced])).toEqual([[isSynced, isSynced ? 2 : 1]])
    }
  })

  test('by no write that was promised it less, whatever comes in which order', async () => {
    const all = Array.from({ length: 400 }, (_, n) => ((n * 7919) % 13) % 3 === 0)
    const modes = (await modesOf(all, 6)) as [boolean, number][]
    expect(modes).toHaveLength(400)
    expect(modes.filter(([isSynced, mode]) => isSynced && mode !== 2)).toEqual([])
    expect(modes.some(([, mode]) => mode === 1)).toBe(true)
  })
})
