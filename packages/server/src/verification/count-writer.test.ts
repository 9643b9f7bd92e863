import { type Attempt, IN_FORCE } from '@latchkey/core/evaluate'
import type { Outcome } from '@latchkey/core/outcome'
import { expect, test } from 'vitest'
import { createCountWriter } from './count-writer.ts'
import { createRests } from './rests.ts'
import { createUsageNotes } from './usage-notes.ts'

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
  for (let n = 0; n < 120; n++) notes.note(verdictOn(n, n), attempt)
  notes.note(verdictOn(120, 1), attempt)
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

test('while the store takes nothing counts wait, up to a bound that is told', async () => {
  const { rig, notes, lost, flush } = createRig()
  rig.isFull = true
  for (let round = 0; round < 2; round++) {
    for (let n = 0; n < 200_000; n++) notes.note(verdictOn(n), attempt)
    await expect(flush()).rejects.toThrow('disk full')
  }
  expect(lost).toEqual([new Error('2002 reports of counts were lost: the store takes no writes')])
  rig.isFull = false
  await flush()
  expect(rig.writes).toBe(6_000)
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
