/** When held questions are answered: together with those that are due at about the same time, and none too late. */
import type { CompanyId } from '@latchkey/core/ids'
import { momentOf } from '@latchkey/core/timing'
import { describe, expect, test } from 'vitest'
import { createChangeFeed } from '../../src/verification/verifiers/change-feed.ts'
import { createTeller } from '../../src/verification/verifiers/teller.ts'
import { createVerifiers } from '../../src/verification/verifiers/verifiers.ts'
import { LEASE_MS, MARGIN_MS } from './fake-store.ts'
import { createFakeTiming, settled } from './fake-timing.ts'

const A = 'cmp_a' as CompanyId
const B = 'cmp_b' as CompanyId
const HOLD_MS = 500
const TOGETHER_MS = 10

/** A server that has just proven revision 5, and verifiers that have heard all of it. */
function aTeller() {
  const timing = createFakeTiming()
  const feed = createChangeFeed()
  feed.take({ epoch: 'one', revision: 5, rows: [] }, false)
  const lease = {
    epoch: 'one',
    applied: 5,
    terms: { leaseMs: LEASE_MS, marginMs: MARGIN_MS },
    proof: { sent: momentOf(timing), isLendable: true } as
      | { sent: ReturnType<typeof momentOf>; isLendable: boolean }
      | undefined,
  }
  const verifiers = createVerifiers({ timing, lease, feed, onCaughtUp: () => {} })
  const teller = createTeller({ timing, lease, verifiers })
  const answered: (readonly [name: string, atMs: number])[] = []
  const ask = (verifier: string, holdMs = HOLD_MS, sight = A) => {
    const question = { verifier, credentialId: 'key_1', companyId: sight, sight, epoch: 'one', after: 5 }
    const told = Promise.try(() => teller.tell(question, { holdMs, assertWanted: () => {} }))
    told.then(
      () => answered.push([verifier, timing.monotonicMs()]),
      () => {},
    )
    return told
  }
  return { timing, lease, teller, ask, answered }
}

describe('questions that are held', () => {
  test('and fall due within ten milliseconds are answered together, by one timer', async () => {
    const { timing, ask, answered } = aTeller()
    await timing.pass(1)
    for (const name of ['a', 'b', 'c']) {
      void ask(name)
      await timing.pass(3)
    }
    expect(timing.due).toHaveLength(1)
    void ask('of the next ten')
    expect(timing.due).toHaveLength(2)
    await timing.pass(HOLD_MS)
    await settled()
    expect(answered.map(([name]) => name)).toEqual(['a', 'b', 'c', 'of the next ten'])
    const [first, ...others] = answered.map(([, atMs]) => atMs)
    expect(others).toEqual([first, first, first! + TOGETHER_MS])
    expect(timing.due).toEqual([])
  })

  test.each([0, 1, 4.5, 9, 9.9])('are answered in time, %s ms after a whole ten', async (afterMs) => {
    const { timing, ask, answered } = aTeller()
    await timing.pass(40 + afterMs)
    const askedMs = timing.monotonicMs()
    void ask('a')
    await timing.pass(HOLD_MS)
    await settled()
    const heldMs = answered[0]![1] - askedMs
    expect(heldMs).toBeLessThanOrEqual(HOLD_MS)
    expect(heldMs).toBeGreaterThan(HOLD_MS - TOGETHER_MS)
  })

  test('for less than is left of the ten are answered at once', async () => {
    const { timing, ask, answered } = aTeller()
    await timing.pass(3)
    void ask('a', 5)
    await settled()
    expect(answered).toEqual([['a', 3]])
    expect(timing.due).toEqual([])
  })

  test('are answered at once where there is something to hear, and only those', async () => {
    const { timing, teller, ask, answered } = aTeller()
    void ask('a')
    void ask('b', HOLD_MS, B)
    await timing.pass(20)
    teller.wake([{ revision: 6, scope: 'key', object_id: 'key_2', company_id: A }])
    await settled()
    expect(answered).toEqual([['a', 20]])
    await timing.pass(HOLD_MS)
    await settled()
    expect(answered.map(([name]) => name)).toEqual(['a', 'b'])
  })

  test('are refused when the lease has ended meanwhile, and when the service stops', async () => {
    const { timing, lease, teller, ask } = aTeller()
    const [ended, stopped] = [ask('a'), ask('b', HOLD_MS, B)]
    const refusals = Promise.allSettled([ended, stopped])
    await settled()
    teller.stop()
    lease.proof = undefined
    await timing.pass(HOLD_MS)
    expect((await refusals).map((end) => end.status === 'rejected' && end.reason.code)).toEqual([
      'unavailable',
      'unavailable',
    ])
    const again = aTeller()
    const late = Promise.allSettled([again.ask('a')])
    again.lease.proof = undefined
    await again.timing.pass(HOLD_MS)
    expect((await late)[0]).toMatchObject({ status: 'rejected', reason: { code: 'cannot_verify' } })
  })
})
