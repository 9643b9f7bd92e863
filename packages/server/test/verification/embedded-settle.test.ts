/**
 * Whoever revokes on an embedded store waits until no process can believe what it saw before; where verifiers are
 * connected to one of its processes, for these as well.
 */
import type { CompanyId } from '@latchkey/core/ids'
import { describe, expect, test } from 'vitest'
import type { AskedChanges } from '../../src/storage/engine.ts'
import { createRevocations } from '../../src/verification/freshness/revocations.ts'
import { pause } from '../../src/verification/freshness/timing.ts'
import { createFakeStore, LEASE_MS, MARGIN_MS } from './fake-store.ts'
import { createFakeTiming, settled } from './fake-timing.ts'

const COMPANY = 'cmp_a' as CompanyId
const SETTLE_MS = 10
const QUESTION = { verifier: 'v', credentialId: 'key_1', companyId: COMPANY, sight: COMPANY }
/** Without an answer of the store it is given up after so long, and one more pause. */
const GIVEN_UP_MS = 5_000 + 100

function aProcess() {
  const store = createFakeStore()
  const timing = createFakeTiming()
  const kept: unknown[] = []
  const asleep = { count: 0 }
  let ids = 0
  const changes: AskedChanges = {
    kind: 'asked',
    changesSince: (after) =>
      after === store.head.revision
        ? undefined
        : { ...store.head, rows: store.log.filter(({ revision }) => revision > after) },
    claim: () => {},
    settleMs: SETTLE_MS,
    isAccepted: () => store.head.isAccepted,
    followed: store.followed,
  }
  const revocations = createRevocations(
    { changes },
    {
      memory: { drop: () => {}, clear: () => {} },
      newId: () => `id ${ids++}`,
      onPoll: () => {},
      onRowKept: (error) => void kept.push(error),
      timing,
      async sleep(ms) {
        asleep.count += 1
        await pause(timing, ms)
        asleep.count -= 1
      },
    },
  )
  const tell = async (after: number, holdMs: number) =>
    revocations.tell({ ...QUESTION, epoch: 'one', after }, { holdMs, assertWanted: () => {} })
  return { store, timing, kept, asleep, revocations, tell, revoke: aRevocation(store, revocations) }
}

/** Revokes another key, and says what becomes of that. */
function aRevocation(
  { head, log }: ReturnType<typeof createFakeStore>,
  { settle }: ReturnType<typeof createRevocations>,
) {
  return (isFollowed: boolean) => {
    head.revision += 1
    log.push({ revision: head.revision, scope: 'key', object_id: 'key_2' })
    const revoked = { revision: head.revision, epoch: 'one', companyId: COMPANY }
    const outcome: { isInForce: boolean; error?: unknown } = { isInForce: false }
    settle({ ...revoked, isFollowed }).then(
      () => {
        outcome.isInForce = true
      },
      (error: unknown) => {
        outcome.error = error
      },
    )
    return outcome
  }
}

/** A process beside this one, with verifiers; it has not heard of anything after revision 1. */
function withAnother() {
  const given = aProcess()
  const another = { id: 'another', epoch: 'one', applied: 1, beat: 'a beat', unknown: {} }
  given.store.servers.set('another', another)
  return { ...given, another }
}

describe('a revocation', () => {
  test('is in force when what others saw before is not believed any more, and asks for nobody', async () => {
    const { store, timing, asleep, revoke } = withAnother()
    const outcome = revoke(false)
    await timing.pass(SETTLE_MS - 1)
    expect(outcome.isInForce).toBe(false)
    await timing.pass(1)
    expect(outcome.isInForce).toBe(true)
    expect(asleep.count).toBe(0)
    expect(store.asked).toEqual([])
  })

  test('that all have heard of is waited for as long', async () => {
    const { timing, revoke } = aProcess()
    const outcome = revoke(true)
    await timing.pass(SETTLE_MS - 1)
    expect(outcome.isInForce).toBe(false)
    await timing.pass(1)
    expect(outcome.isInForce).toBe(true)
  })

  test('waits for verifiers of another process, and keeps this one from ending meanwhile', async () => {
    const { store, timing, asleep, revoke, another } = withAnother()
    const outcome = revoke(true)
    await timing.pass(1_000)
    expect(outcome).toEqual({ isInForce: false })
    expect(asleep.count).toBeGreaterThan(0)
    store.servers.set('another', { ...another, applied: 2, beat: 'another beat' })
    await timing.pass(100)
    expect(outcome.isInForce).toBe(true)
    expect(asleep.count).toBe(0)
  })

  test('is told to a verifier of this process at once', async () => {
    const { timing, revoke, tell } = aProcess()
    const { through } = await tell(1, 0)
    const held = tell(through, 1_000)
    const askedAtMs = timing.monotonicMs()
    const outcome = revoke(true)
    expect(await held).toMatchObject({ through: 2, changes: [{ object_id: 'key_2' }], reset: false })
    expect(timing.monotonicMs()).toBe(askedAtMs)
    await timing.pass(SETTLE_MS)
    expect(outcome.isInForce).toBe(false)
    await tell(2, 0)
    await timing.pass(100)
    expect(outcome.isInForce).toBe(true)
  })

  test('waits for a process that is dead until its lease is over, and takes its row away', async () => {
    const { store, timing, kept, revoke } = withAnother()
    const outcome = revoke(true)
    await timing.pass(LEASE_MS + MARGIN_MS)
    expect(outcome.isInForce).toBe(false)
    await timing.pass(100)
    expect(outcome.isInForce).toBe(true)
    expect(store.asked).toContain('forget another a beat')
    expect(store.servers.size).toBe(0)
    expect(kept).toEqual([])
  })

  test('is in force where that row cannot be taken away: this is told', async () => {
    const { store, timing, kept, revoke } = withAnother()
    const error = new Error('disk I/O error')
    store.followed.forget = () => Promise.reject(error)
    const outcome = revoke(true)
    await timing.pass(LEASE_MS + MARGIN_MS + 100)
    expect(outcome.isInForce).toBe(true)
    expect(kept).toEqual([error])
  })

  test('of a store that is not accepted is not told to be in force', async () => {
    const { store, timing, asleep, revoke } = aProcess()
    store.head.isAccepted = false
    const outcome = revoke(true)
    await timing.pass(GIVEN_UP_MS)
    expect(outcome).toMatchObject({ isInForce: false, error: { code: 'unavailable' } })
    expect(asleep.count).toBe(0)
  })
})

describe('a process on an embedded store', () => {
  test('is where the store is', () => {
    const { store, revocations } = aProcess()
    expect(revocations.position()).toEqual({ revision: 1, epoch: 'one' })
    store.head.revision = 7
    expect(revocations.position()).toEqual({ revision: 7, epoch: 'one' })
  })

  test('knows the verifiers that are connected to it, and lets go of one that has gone', async () => {
    const { revocations, tell } = aProcess()
    expect(revocations.verifiers()).toEqual({ leased: 0, behind: 0 })
    expect((await tell(1, 0)).leaseMs).toBe(LEASE_MS)
    expect(revocations.verifiers()).toEqual({ leased: 1, behind: 0 })
    revocations.dismiss({ ...QUESTION, epoch: 'one', after: 1 })
    expect(revocations.verifiers()).toEqual({ leased: 0, behind: 0 })
  })

  test.each(['leave', 'stop'] as const)('that is to %s sends verifiers to others', async (way) => {
    const { revocations, tell } = aProcess()
    await revocations[way]()
    await expect(tell(1, 0)).rejects.toMatchObject({ code: 'unavailable' })
    await settled()
  })
})
