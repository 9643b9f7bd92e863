import type { Timing } from '@latchkey/core/timing'
import { expect, test } from 'vitest'
import type { FollowedChanges, ServerRow } from '../../src/storage/engine.ts'
import { createRevocations } from '../../src/verification/freshness/revocations.ts'

const LEASE_MS = 2_000
const MARGIN_MS = 500

test('that the row of a dead server cannot be removed is not told as a database that does not answer', async () => {
  const dead: ServerRow = { id: 'dead', epoch: 'one', applied: 0, beat: 'the last' }
  const refusal = new Error('no right to delete')
  const servers = new Map([[dead.id, dead]])
  const followed: FollowedChanges = {
    kind: 'followed',
    announce: async (row) => void servers.set(row.id, row),
    observe: async () => observation(),
    survey: async () => observation(),
    reset: () => {},
    forget: () => Promise.reject(refusal),
    withdraw: async () => {},
    distrust: async () => {},
    onWake: () => {},
  }
  const observation = () => ({
    revision: 1,
    epoch: 'one',
    isAccepted: true,
    rows: [],
    servers: [...servers.values()],
    leaseMs: LEASE_MS,
    marginMs: MARGIN_MS,
  })
  const { timing, passTo } = createTiming()
  const polls: unknown[] = []
  const kept = Promise.withResolvers<unknown>()
  let ids = 0
  const revocations = createRevocations(
    { changes: followed },
    {
      memory: { drop: () => {}, clear: () => {} },
      newId: () => `id ${ids++}`,
      onPoll: (error) => void polls.push(error),
      onRowKept: kept.resolve,
      timing,
    },
  )
  await revocations.start({ isAlone: true })
  passTo(LEASE_MS + MARGIN_MS + 1)
  expect(await kept.promise).toBe(refusal)
  await revocations.stop()
  expect(new Set(polls)).toEqual(new Set([undefined]))
})

/** Time that passes when it is told to; what falls due then is called. */
function createTiming(): { readonly timing: Timing; passTo(ms: number): void } {
  let nowMs = 0
  const due = new Set<{ readonly atMs: number; readonly callback: () => void }>()
  return {
    timing: {
      monotonicMs: () => nowMs,
      wallMs: () => nowMs,
      after(ms, callback) {
        const entry = { atMs: nowMs + ms, callback }
        due.add(entry)
        return () => void due.delete(entry)
      },
    },
    passTo(ms) {
      nowMs = ms
      for (const entry of due) {
        if (entry.atMs > nowMs) continue
        due.delete(entry)
        entry.callback()
      }
    },
  }
}
