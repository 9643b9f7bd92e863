import { type Attempt, IN_FORCE } from '@latchkey/core/evaluate'
import type { Outcome } from '@latchkey/core/outcome'
import { type Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import { expect, test } from 'vitest'
import { createBuilder } from '../../storage/builder.ts'
import type { Engine } from '../../storage/engine.ts'
import { createRests } from './rests.ts'
import { createUsageNotes } from './usage-notes.ts'
import { createUseWriter } from './use-writer.ts'

const attempt: Attempt = { ...IN_FORCE, address: undefined, nowMs: 0 }
const ending = { tag: 'tag', endsAtMs: 9_000, replaces: null }
const useOf = (number: number, secret?: object) =>
  ({
    code: 'VALID',
    key: { id: `key_${String(number).padStart(4, '0')}`, companyId: 'cmp_1' },
    secret,
  }) as unknown as Outcome

/** Those of any store do to count statements. */
const WORDS = {
  createAdapter: () => new SqliteAdapter(),
  createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
  createQueryCompiler: () => new SqliteQueryCompiler(),
}

/** Uses on a store of which one write fails: the one of this number. */
function createRig(failing: number, rests = createRests(0)) {
  const notes = createUsageNotes(() => {})
  /** How many statements each write makes. */
  const rig = { writes: [] as number[] }
  const db = createBuilder(WORDS, () => {
    rig.writes[rig.writes.length - 1]! += 1
    return []
  })
  const writeUnsynced: Engine['writeUnsynced'] = async (work) => {
    rig.writes.push(0)
    if (rig.writes.length === failing) throw new Error('disk full')
    return await work(db)
  }
  const { flush, flushSlowly } = createUseWriter({ writeUnsynced }, notes, rests)
  const use = (numbers: Iterable<number>, secret?: object) => {
    for (const number of numbers) notes.note(useOf(number, secret), attempt)
  }
  return {
    rig,
    flush,
    flushSlowly,
    use,
    numbersLeft: () => notes.takeUses().ofKeys.map(({ keyId }) => Number(keyId.slice(4))),
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)

test('a write that failed is told once: a flush with nothing to write has nothing to tell', async () => {
  const { rig, flush, use } = createRig(1)
  use([1])
  await expect(flush()).rejects.toThrow('disk full')
  await flush()
  expect(rig.writes).toHaveLength(1)
})

test('of uses whose writing failed halfway those that were not written are noted again, and no others', async () => {
  const { flush, use, numbersLeft } = createRig(2)
  use(upTo(250))
  await expect(flush()).rejects.toThrow('disk full')
  use(upTo(250))
  expect(numbersLeft()).toEqual(upTo(250).slice(100))
})

test('when the uses of secrets cannot be written, those of their keys are noted again', async () => {
  const { rig, flush, use, numbersLeft } = createRig(1)
  use([1, 2], ending)
  await expect(flush()).rejects.toThrow('disk full')
  expect(rig.writes).toHaveLength(1)
  use([1, 2])
  expect(numbersLeft()).toEqual([1, 2])
})

test('secrets are written a hundred at a time, before the keys', async () => {
  const { rig, flush, use } = createRig(0)
  for (const number of upTo(101)) use([number], { ...ending, tag: `tag ${number}` })
  await flush()
  // Keys are rows of one statement.
  expect(rig.writes).toEqual([100, 1, 1, 1])
})

test('writes that nobody waits for are spread over their time; after the last there is no rest', async () => {
  const rested: number[] = []
  const sleep = async (ms: number) => void rested.push(ms)
  const { flush, flushSlowly, use } = createRig(0, createRests(8, { monotonicMs: () => 1_000, sleep }))
  use(upTo(250))
  await flushSlowly()
  // Two writes to come, and one.
  expect(rested).toEqual([8 / 2, 5])
  use(upTo(500).slice(250))
  await flush()
  expect(rested).toHaveLength(2)
})
