/** A process on one file follows the head while verifiers are connected: its row comes and goes with them. */
import type { CompanyId } from '@latchkey/core/ids'
import { describe, expect, test } from 'vitest'
import { createBarrier } from '../../src/verification/freshness/barrier.ts'
import { createOnDemand } from '../../src/verification/freshness/on-demand.ts'
import { createFakeStore, LEASE_MS, MARGIN_MS } from './fake-store.ts'
import { createFakeTiming, settled } from './fake-timing.ts'

const COMPANY = 'cmp_a' as CompanyId
const QUESTION = {
  ...{ verifier: 'v', credentialId: 'key_1', companyId: COMPANY, sight: COMPANY },
  ...{ epoch: 'one', after: 1 },
}
/** The process has not been asked for five seconds, and polled since: the lease of its verifier is long over. */
const UNTIL_ALONE_MS = 5_000 + 250

function aProcess() {
  const store = createFakeStore()
  const timing = createFakeTiming()
  const kept: unknown[] = []
  const polls: unknown[] = []
  let ids = 0
  const onDemand = createOnDemand({
    followed: store.followed,
    timing,
    newId: () => `follower ${ids++}`,
    newBeat: () => `beat ${ids++}`,
    onPoll: (error) => void polls.push(error),
    onRowKept: (error) => void kept.push(error),
  })
  const tell = (holdMs: number) => onDemand.tell(QUESTION, { holdMs, assertWanted: () => {} })
  /** A verifier asks, and has a lease when it is answered. */
  const ask = async () => {
    expect((await tell(0)).leaseMs).toBeGreaterThan(0)
  }
  /** Revokes, as another process does; says whether that is answered. */
  const revoke = () => {
    const isExpected = { expect: () => () => true }
    const outcome = { isInForce: false }
    store.head.revision += 1
    store.log.push({ revision: store.head.revision, scope: 'key', object_id: 'key_2' })
    createBarrier({ followed: store.followed, lease: isExpected, timing })({
      revision: store.head.revision,
      epoch: 'one',
      companyId: COMPANY,
    }).then(() => {
      outcome.isInForce = true
    })
    return outcome
  }
  return { store, timing, onDemand, kept, polls, tell, ask, revoke }
}

describe('a process on one file', () => {
  test('has no row before a verifier comes, and one as long as it stays', async () => {
    const { store, timing, ask } = aProcess()
    await timing.pass(UNTIL_ALONE_MS)
    expect(store.asked).toEqual([])
    for (let seconds = 0; seconds < 20; seconds += 1) {
      await ask()
      expect(store.servers.size).toBe(1)
      await timing.pass(1_000)
    }
  })

  test('withdraws its row when its verifiers are gone, and asks no more', async () => {
    const { store, timing, ask } = aProcess()
    await ask()
    await timing.pass(UNTIL_ALONE_MS)
    expect(store.servers.size).toBe(0)
    const asked = store.asked.length
    await timing.pass(10_000)
    expect(store.asked).toHaveLength(asked)
  })

  test('is waited for on behalf of a verifier that comes while the row of before is withdrawn', async () => {
    const { store, timing, ask, revoke } = aProcess()
    await ask()
    const held = store.hold('withdraw')
    await timing.pass(UNTIL_ALONE_MS)
    expect(store.asked.at(-1)).toMatch(/^withdraw/)
    await ask()
    // It stands still from here on, and its verifier answers from memory.
    store.hold('announce')
    held.letGo()
    await settled()
    const revocation = revoke()
    await timing.pass(LEASE_MS)
    expect(revocation.isInForce).toBe(false)
    await timing.pass(MARGIN_MS + 100)
    expect(revocation.isInForce).toBe(true)
  })

  test('is not over before the row of before is withdrawn', async () => {
    const { store, timing, onDemand, ask } = aProcess()
    await ask()
    const held = store.hold('withdraw')
    await timing.pass(UNTIL_ALONE_MS)
    let isOver = false
    const stopped = onDemand.stop().then(() => {
      isOver = true
    })
    await settled()
    expect(isOver).toBe(false)
    held.letGo()
    await stopped
    expect(store.servers.size).toBe(0)
  })

  test('tells of a row that it cannot withdraw', async () => {
    const { store, timing, kept, ask } = aProcess()
    await ask()
    const held = store.hold('withdraw')
    await timing.pass(UNTIL_ALONE_MS)
    const error = new Error('disk I/O error')
    held.letGo(error)
    await settled()
    expect(kept).toEqual([error])
  })

  test('tells what came of its polls', async () => {
    const { store, timing, polls, ask } = aProcess()
    await ask()
    expect(polls.at(-1)).toBeUndefined()
    const error = new Error('disk I/O error')
    store.followed.announce = () => Promise.reject(error)
    await timing.pass(250)
    expect(polls.at(-1)).toBe(error)
  })

  test('answers a verifier that has been there for long without a promise', async () => {
    const { tell, ask } = aProcess()
    await ask()
    expect(tell(0)).toMatchObject({ epoch: 'one', through: 1 })
  })

  test('counts its verifiers, of which it has none before the first and after the last', async () => {
    const { onDemand, ask } = aProcess()
    expect(onDemand.count()).toEqual({ leased: 0, behind: 0 })
    await ask()
    expect(onDemand.count()).toEqual({ leased: 1, behind: 0 })
    onDemand.dismiss(QUESTION)
    expect(onDemand.count()).toEqual({ leased: 0, behind: 0 })
  })

  test('drops nothing itself of what it follows', async () => {
    const { store, timing, ask, revoke } = aProcess()
    await ask()
    const revocation = revoke()
    await timing.pass(250)
    expect([...store.servers.values()]).toMatchObject([{ applied: 2 }])
    expect(revocation.isInForce).toBe(false)
    await ask()
  })

  test.each(['leave', 'stop'] as const)(
    'that is to %s answers no verifier any more, nor one that waits',
    async (way) => {
      const { onDemand, tell, ask } = aProcess()
      await ask()
      const held = expect(tell(1_000)).rejects.toMatchObject({ code: 'unavailable' })
      await onDemand[way]()
      await held
      await expect(Promise.try(() => tell(0))).rejects.toMatchObject({ code: 'unavailable' })
    },
  )

  test('that stops takes its row with it when no verifier has a lease', async () => {
    const { store, onDemand, ask } = aProcess()
    await ask()
    onDemand.dismiss(QUESTION)
    await onDemand.stop()
    expect(store.servers.size).toBe(0)
  })
})
