import { type Attempt, IN_FORCE } from '@latchkey/core/evaluate'
import type { Outcome } from '@latchkey/core/outcome'
import { type Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import { expect, test } from 'vitest'
import { createBuilder } from '../../storage/builder.ts'
import type { Engine } from '../../storage/engine.ts'
import type { Db } from '../../storage/tables/schema.ts'
import { createCountWriter } from './count-writer.ts'
import { createRests } from './rests.ts'
import { createUsageNotes } from './usage-notes.ts'

/** Those of any store do: only names are looked at. */
const WORDS = {
  createAdapter: () => new SqliteAdapter(),
  createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
  createQueryCompiler: () => new SqliteQueryCompiler(),
}

const attempt: Attempt = { ...IN_FORCE, address: undefined, nowMs: 0 }
const verdictOn = (number: number, company = 1) =>
  ({
    code: 'VALID',
    key: { id: `key_${number}`, companyId: `cmp_${company}` },
    secret: undefined,
  }) as unknown as Outcome

/** Writes that a store would have to make, which may be one that takes none. */
function createRig(rests = createRests(0)) {
  const notes = createUsageNotes(() => {})
  const lost: unknown[] = []
  const rig = { writes: 0, isFull: false, synced: [] as number[] }
  const take = () => {
    if (rig.isFull) throw new Error('disk full')
    rig.writes += 1
  }
  const { flush, flushSlowly } = createCountWriter(
    {
      engine: {
        async write<T>() {
          take()
          rig.synced.push(rig.writes)
          return { value: undefined as T, revocation: undefined }
        },
        async writeUnsynced<T>() {
          take()
          return undefined as T
        },
      },
      clock: { nowMs: () => 0 },
      newId: () => String(rig.writes),
      onError: (error) => void lost.push(error),
      rests,
    },
    notes,
  )
  return { rig, notes, lost, flush, flushSlowly }
}

test('a hundred thousand keys and more are written at once, and none is lost', async () => {
  const { rig, notes, lost, flush } = createRig()
  for (let n = 0; n < 100_001; n++) notes.note(verdictOn(n), attempt)
  await flush()
  expect([rig.writes, lost]).toEqual([2_001 + 1, []])
})

test('companies are written fifty at a time', async () => {
  const { rig, notes, flush } = createRig()
  for (let n = 0; n < 101; n++) notes.note(verdictOn(n, n), attempt)
  notes.note(verdictOn(101, 1), attempt)
  await flush()
  expect(rig.writes).toBe(3 + 3)
})

test('the disk is waited for once in a flush: at its end', async () => {
  const { rig, notes, flush } = createRig()
  for (const round of [1, 2]) {
    for (let n = 0; n < 1_000; n++) notes.note(verdictOn(n), attempt)
    await flush()
    expect([rig.writes, rig.synced.length]).toEqual([round * 21, round])
  }
  expect(rig.synced).toEqual([21, 42])
})

test('while the store takes nothing counts wait, up to a bound; those beyond it are told', async () => {
  const { rig, notes, lost, flush } = createRig()
  rig.isFull = true
  // Fifty keys are one report; the company of all of them is another.
  for (const reports of [4_000, 2_000]) {
    for (let n = 0; n < (reports - 1) * 50; n++) notes.note(verdictOn(n), attempt)
    await expect(flush()).rejects.toThrow('disk full')
  }
  expect(lost).toEqual([])
  notes.note(verdictOn(0), attempt)
  await expect(flush()).rejects.toThrow('disk full')
  expect(lost).toEqual([new Error('2 reports of counts were lost: the store takes no writes')])
  rig.isFull = false
  await flush()
  // What was counted meanwhile: nothing.
  expect(rig.writes).toBe(6_000)
})

/** A store that has the names of reports and nothing else, and may break down before or after a write. */
function createNames() {
  const names = new Set<string>()
  const breaks = undefined as 'before' | 'after' | undefined
  const store = { names, counted: [] as string[], companies: [] as string[], breaks }
  const db = createBuilder(WORDS, <Row>(text: string, parameters: readonly unknown[]) => {
    const [first] = parameters as string[]
    if (text.startsWith('insert into "usage_keys"')) store.counted.push(first!)
    if (text.startsWith('insert into "usage_companies"') && first!.startsWith('cmp_'))
      store.companies.push(first!)
    if (text.startsWith('delete from "usage_reports"')) names.delete(first!)
    if (!text.startsWith('insert into "usage_reports"') || names.has(first!)) return []
    names.add(first!)
    return [{ id: first }] as Row[]
  })
  async function run<T>(work: (db: Db) => Promise<T>): Promise<T> {
    if (store.breaks === 'before') throw new Error('broken')
    const value = await work(db)
    if (store.breaks === 'after') throw new Error('broken')
    return value
  }
  const engine: Pick<Engine, 'write' | 'writeUnsynced'> = {
    write: async (work) => ({ value: await run((db) => work(db, () => {})), revocation: undefined }),
    writeUnsynced: run,
  }
  return { store, engine }
}

test.each(['before', 'after'] as const)(
  'what broke down %s a write is counted once, with all the rest',
  async (breaks) => {
    const { store, engine } = createNames()
    const notes = createUsageNotes(() => {})
    let nowMs = 5
    let flushes = 0
    const { flush, writtenAtMs } = createCountWriter(
      {
        engine,
        clock: { nowMs: () => nowMs },
        newId: () => `flush ${++flushes}`,
        onError: (error) => expect.unreachable(String(error)),
        rests: createRests(0),
      },
      notes,
    )
    for (let n = 0; n < 120; n++) notes.note(verdictOn(n), attempt)
    store.breaks = breaks
    nowMs += 1
    await expect(flush()).rejects.toThrow('broken')
    expect(writtenAtMs()).toBe(5)
    store.breaks = undefined
    for (let n = 120; n < 130; n++) notes.note(verdictOn(n), attempt)
    nowMs += 1
    await flush()
    expect(store.counted.toSorted()).toEqual(Array.from({ length: 130 }, (_, n) => `key_${n}`).toSorted())
    expect([[...store.names], writtenAtMs()]).toEqual([['flush 2 00002'], 7])
  },
)

test('of a hundred companies each is counted once, in two reports', async () => {
  const { store, engine } = createNames()
  const notes = createUsageNotes(() => {})
  const { flush } = createCountWriter(
    {
      engine,
      clock: { nowMs: () => 0 },
      newId: () => 'flush',
      onError: (error) => expect.unreachable(String(error)),
      rests: createRests(0),
    },
    notes,
  )
  for (let n = 0; n < 100; n++) notes.note(verdictOn(n, n), attempt)
  await flush()
  expect(store.companies.toSorted()).toEqual(Array.from({ length: 100 }, (_, n) => `cmp_${n}`).toSorted())
  expect([...store.names]).toEqual(['flush 00004'])
})

/** Rests that last until somebody ends them. */
function createLongRests() {
  const ends: (() => void)[] = []
  const began = Promise.withResolvers<void>()
  const rests = createRests(Number.MAX_SAFE_INTEGER, {
    monotonicMs: () => 0,
    sleep: (_ms, onWake) =>
      new Promise((wake) => {
        ends.push(wake)
        onWake(wake)
        began.resolve()
      }),
  })
  return { rests, ends, began: began.promise }
}

test('a flush that nobody waits for rests after each write, and one that somebody waits for does not', async () => {
  const { rests, ends, began } = createLongRests()
  const { rig, notes, flush, flushSlowly } = createRig(rests)
  for (let n = 0; n < 1_000; n++) notes.note(verdictOn(n), attempt)
  const slow = flushSlowly()
  await began
  expect([rig.writes, ends.length]).toEqual([1, 1])
  notes.note(verdictOn(1), attempt)
  await flush()
  await slow
  // The first flush was gone on with, and the second is whole.
  expect([rig.writes, rig.synced, ends.length]).toEqual([21 + 2, [21, 23], 1])
})
