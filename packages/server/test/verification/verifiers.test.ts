import type { CompanyId } from '@latchkey/core/ids'
import { momentOf } from '@latchkey/core/timing'
import { describe, expect, test } from 'vitest'
import { createChangeFeed } from '../../src/verification/verifiers/change-feed.ts'
import { isKnownToAll } from '../../src/verification/verifiers/known-to-all.ts'
import { createVerifiers, type Question } from '../../src/verification/verifiers/verifiers.ts'
import { LEASE_MS, MARGIN_MS } from './fake-store.ts'
import { createFakeTiming } from './fake-timing.ts'

const A = 'cmp_a' as CompanyId
const B = 'cmp_b' as CompanyId

/** A server at a revision of the epoch 'one' that has just proven it, hours after its machine was started. */
function aServer(applied = 5) {
  const timing = createFakeTiming()
  timing.setMonotonic(10_000_000)
  const feed = createChangeFeed()
  const lease = { epoch: 'one', applied, terms: { leaseMs: LEASE_MS, marginMs: MARGIN_MS } }
  let caughtUp = 0
  const onCaughtUp = () => {
    caughtUp += 1
  }
  const verifiers = createVerifiers({ timing, lease, feed, onCaughtUp })
  feed.take({ epoch: 'one', revision: applied, rows: [] }, false)
  const ask = (fields: Partial<Question> = {}) => {
    const question = {
      verifier: 'v',
      credentialId: 'key_1',
      companyId: A,
      sight: A,
      epoch: 'one',
      after: applied,
      ...fields,
    }
    return verifiers.take(question)
  }
  return {
    timing,
    lease,
    verifiers,
    ask,
    caughtUp: () => caughtUp,
    /** A key of the company was changed. */
    change(companyId: CompanyId | undefined, scope: 'key' | 'session' = 'key') {
      lease.applied += 1
      const row = { revision: lease.applied, scope, object_id: `of ${lease.applied}` }
      const rows = [companyId === undefined ? row : { ...row, company_id: companyId }]
      feed.take({ epoch: lease.epoch, revision: lease.applied, rows }, true)
    },
    forgetLog: () => feed.take({ epoch: lease.epoch, revision: lease.applied, rows: [] }, false),
    /** What a question is told at once. */
    tell(fields: Partial<Question> = {}, isLendable = true) {
      const now = momentOf(timing)
      return verifiers.answer(ask(fields)!, now, { sent: now, isLendable })
    },
    /** The first two questions of a verifier: it has a lease, and has said what it knows. */
    connect(fields: Partial<Question> = {}) {
      this.tell({ epoch: null, after: null, ...fields })
      this.tell({ after: lease.applied, ...fields })
    },
  }
}

describe('what the row of a server says of its verifiers', () => {
  test('names the lowest revision that one of a company may not know, and nothing when all know all', () => {
    const server = aServer()
    server.connect()
    server.connect({ verifier: 'w' })
    expect(server.verifiers.unknown()).toEqual({})
    server.change(A)
    server.change(A)
    expect(server.verifiers.unknown()).toEqual({ [A]: 6 })
    server.tell({ after: 5 })
    server.tell({ after: 7 })
    expect(server.caughtUp()).toBe(0)
    expect(server.verifiers.count()).toEqual({ leased: 2, behind: 1 })
    expect(server.verifiers.unknown()).toEqual({ [A]: 6 })
    server.tell({ verifier: 'w', after: 7 })
    expect([server.verifiers.unknown(), server.caughtUp()]).toEqual([{}, 1])
    expect(server.verifiers.count()).toEqual({ leased: 2, behind: 0 })
  })

  test('counts a change as unknown until it is said that it was heard: an answer may be lost, and a lease runs', () => {
    const server = aServer()
    server.connect()
    server.change(A)
    server.verifiers.unknown()
    expect(server.tell({ after: 5 })).toMatchObject({ leaseMs: LEASE_MS, changes: { length: 1 } })
    expect([server.verifiers.unknown(), server.caughtUp()]).toEqual([{ [A]: 6 }, 0])
    server.ask({ after: 6 })
    expect([server.verifiers.unknown(), server.caughtUp()]).toEqual([{}, 1])
  })

  test('counts what a first lease comes with as known: whoever uses the lease has heard it', () => {
    const server = aServer()
    const asked = server.ask({ epoch: null, after: null })!
    server.change(A)
    const now = momentOf(server.timing)
    expect(server.verifiers.answer(asked, now, { sent: now, isLendable: true }).leaseMs).toBe(LEASE_MS)
    expect(server.verifiers.unknown()).toEqual({})
  })

  test('waits for nobody who leaves, and says so at once', () => {
    const server = aServer()
    server.connect()
    server.change(A)
    server.verifiers.unknown()
    server.verifiers.leave(server.ask()!.question)
    expect([server.verifiers.unknown(), server.caughtUp()]).toEqual([{}, 1])
  })

  test('counts a lease from its proof, though its verifier asked long before', async () => {
    const server = aServer()
    const asked = server.ask({ epoch: null, after: null })!
    const arrived = momentOf(server.timing)
    await server.timing.pass(LEASE_MS)
    server.verifiers.answer(asked, arrived, { sent: momentOf(server.timing), isLendable: true })
    server.change(A)
    await server.timing.pass(LEASE_MS + MARGIN_MS)
    expect(server.verifiers.unknown()).toEqual({ [A]: 6 })
  })

  test('keeps in mind who has no lease but asks: a lost answer is not forgotten', async () => {
    const server = aServer()
    server.connect()
    server.change(A)
    server.verifiers.unknown()
    await server.timing.pass(LEASE_MS + MARGIN_MS)
    expect(server.tell({ after: 5 }, false).leaseMs).toBe(0)
    await server.timing.pass(LEASE_MS + MARGIN_MS)
    expect([server.verifiers.unknown(), server.verifiers.size]).toEqual([{}, 1])
    expect(server.verifiers.count()).toEqual({ leased: 0, behind: 0 })
    expect(server.tell({ after: 5 })).toMatchObject({ reset: true, leaseMs: 0 })
    // The row named nobody, so that there is nothing to say anew.
    server.ask({ after: 6 })
    expect(server.caughtUp()).toBe(0)
  })

  test.each([
    ['of a company for its own', A, A, { [A]: 6 }],
    ['of another company for nobody', A, B, {}],
    ['of any company for those who see all', null, B, { '*': 6 }],
    ['of nobody knows whom for all', A, undefined, { [A]: 6 }],
  ])('counts a change %s', (_, sight, of, said) => {
    const server = aServer()
    server.connect({ sight })
    server.change(of)
    expect(server.verifiers.unknown()).toEqual(said)
  })

  test('does not count sessions, which no verifier judges', () => {
    const server = aServer()
    server.connect()
    server.change(A, 'session')
    expect(server.verifiers.unknown()).toEqual({})
  })

  test('takes what somebody knows of another epoch for nothing', () => {
    const server = aServer()
    server.connect()
    server.change(A)
    server.verifiers.unknown()
    server.ask({ epoch: 'another', after: 9 })
    expect(server.verifiers.unknown()).toEqual({ [A]: 6 })
  })

  test('takes a question that says it knows nothing, and may have come late, for nothing', () => {
    const server = aServer()
    server.connect()
    server.change(A)
    server.tell({ epoch: null, after: null })
    expect(server.verifiers.unknown()).toEqual({ [A]: 6 })
  })

  test('lets nobody go before the lease and the margin are over, by a clock that nobody sets', async () => {
    const server = aServer()
    server.connect()
    server.change(A)
    server.timing.setWall(10 * LEASE_MS)
    await server.timing.pass(LEASE_MS + MARGIN_MS)
    expect(server.verifiers.unknown()).toEqual({ [A]: 6 })
    await server.timing.pass(1)
    expect([server.verifiers.unknown(), server.verifiers.size]).toEqual([{}, 0])
  })

  test.each([
    ['names a hundred companies', 100, (said: object) => Object.keys(said).length === 100],
    ['says all are behind when there are more', 101, (said: object) => '*' in said],
  ])('%s', (_, companies, isSaid) => {
    const server = aServer()
    for (let index = 0; index < companies; index++) {
      const companyId = `cmp_${index}` as CompanyId
      server.connect({ verifier: `v${index}`, credentialId: `key_${index}`, companyId, sight: companyId })
    }
    for (let index = 0; index < companies; index++) server.change(`cmp_${index}` as CompanyId)
    const said = server.verifiers.unknown()
    expect([isSaid(said), Math.min(...Object.values(said))]).toEqual([true, 6])
  })

  test('counts what is not known here any more as not known to them', () => {
    const server = aServer()
    server.connect()
    server.change(A)
    server.forgetLog()
    expect(server.verifiers.unknown()).toEqual({ [A]: 6 })
    expect(server.tell({ after: 5 })).toMatchObject({ reset: true, leaseMs: LEASE_MS })
  })
})

test.each([
  ['nobody is behind', {}, A, true],
  ['one of the company is', { [A]: 6 }, A, false],
  ['one of the company is, at a later revision', { [A]: 7 }, A, true],
  ['one of another company is', { [B]: 1 }, A, true],
  ['one who sees all is', { '*': 6 }, A, false],
  ['somebody is, and whose change it was is not known', { [B]: 6 }, undefined, false],
] as const)('revision 6 is known to all that have to hear of it: %s', (_, unknown, companyId, isKnown) => {
  expect(isKnownToAll({ unknown }, 6, companyId)).toBe(isKnown)
})

describe('an answer', () => {
  test('has a thousand changes at most: to whoever is further behind it is a reset', () => {
    const server = aServer()
    server.connect()
    for (let n = 0; n < 1_000; n++) server.change(A)
    expect(server.tell({ after: 5 })).toMatchObject({ reset: false, changes: { length: 1_000 } })
    server.change(A)
    server.connect({ verifier: 'w' })
    expect(server.verifiers.isDue(server.ask({ verifier: 'x', after: 5 })!)).toBe(true)
    expect(server.tell({ verifier: 'x', after: 5 })).toMatchObject({
      reset: true,
      changes: [],
      through: 1_006,
      leaseMs: LEASE_MS,
    })
    expect(server.tell({ verifier: 'y', after: 6 })).toMatchObject({
      reset: false,
      changes: { length: 1_000 },
    })
  })

  test('has the changes after what was asked, or a reset, and a lease', () => {
    const server = aServer()
    expect(server.tell({ epoch: null, after: null })).toMatchObject({
      reset: true,
      through: 5,
      leaseMs: LEASE_MS,
    })
    server.change(A)
    server.change(B)
    const told = server.tell({ after: 5 })
    expect(told).toMatchObject({ reset: false, through: 7, leaseMs: LEASE_MS })
    expect(told.changes).toMatchObject([{ object_id: 'of 6' }])
    // It is ahead: another server told it.
    expect(server.tell({ after: 9 })).toMatchObject({ reset: false, through: 7, changes: [] })
  })

  test.each([
    ['what it knew before', { after: 5 }],
    ['nothing', { epoch: null, after: null }],
    ['the same of another epoch', { epoch: 'another', after: 9 }],
  ])('to a verifier that says it knows %s, not what it was told, is a reset without a lease', (_, said) => {
    const server = aServer()
    server.connect()
    server.change(A)
    server.tell({ after: 5 })
    for (let again = 0; again < 2; again++) {
      expect(server.tell(said)).toMatchObject({ reset: true, leaseMs: 0, changes: [] })
    }
    expect(server.tell({ after: 6 })).toMatchObject({ reset: false, leaseMs: LEASE_MS })
  })

  test.each([0, 1])('gives no second lease to who says it knows nothing, at revision %i too', (applied) => {
    const server = aServer(applied)
    for (const said of [
      { epoch: null, after: null },
      { epoch: 'one', after: null },
    ]) {
      server.connect()
      expect(server.tell(said)).toMatchObject({ reset: true, leaseMs: 0, heldMs: 0, provenMsAgo: 0 })
    }
  })

  test('gives no lease to one whose question is of an epoch that is over by then', () => {
    const server = aServer()
    server.connect()
    const asked = server.ask()!
    Object.assign(server.lease, { epoch: 'two', applied: 3 })
    const now = momentOf(server.timing)
    expect(server.verifiers.answer(asked, now, { sent: now, isLendable: true })).toMatchObject({
      epoch: 'two',
      reset: true,
      leaseMs: 0,
    })
  })

  test('gives no lease while a server does not know of verifiers', () => {
    const server = aServer()
    expect(server.tell({ epoch: null, after: null }, false)).toMatchObject({ reset: true, leaseMs: 0 })
    server.change(A)
    expect(server.verifiers.unknown()).toEqual({})
  })

  test('gives no lease to one that has said goodbye meanwhile', () => {
    const server = aServer()
    server.connect()
    const asked = server.ask()!
    server.verifiers.leave(asked.question)
    const now = momentOf(server.timing)
    expect(server.verifiers.answer(asked, now, { sent: now, isLendable: true }).leaseMs).toBe(0)
    expect(server.verifiers.size).toBe(0)
  })

  test('gives no lease to one that was let go meanwhile: whoever revokes would not wait for it', async () => {
    const server = aServer()
    server.connect()
    const asked = server.ask()!
    const arrived = momentOf(server.timing)
    // The server stood still, and wrote its row before the question that it held was answered.
    await server.timing.pass(LEASE_MS + MARGIN_MS + 1)
    expect([server.verifiers.unknown(), server.verifiers.size]).toEqual([{}, 0])
    const proof = { sent: momentOf(server.timing), isLendable: true }
    expect(server.verifiers.answer(asked, arrived, proof)).toMatchObject({ reset: true, leaseMs: 0 })
  })

  test('begins anew in a new epoch', () => {
    const server = aServer()
    server.connect()
    server.lease.epoch = 'two'
    expect(server.tell({ after: 5 })).toMatchObject({ epoch: 'two', reset: true, leaseMs: LEASE_MS })
    expect(server.verifiers.size).toBe(1)
  })

  test('begins anew in each epoch as often as it likes: there is room', () => {
    const server = aServer()
    for (let epoch = 0; epoch < 101; epoch++) {
      server.lease.epoch = `epoch ${epoch}`
      expect(server.ask()).toBeDefined()
    }
  })

  test.each([
    ['both clocks go', 0, 0, 300, 400],
    ['the machine was suspended', 1_000, 0, 300, 1_400],
    ['the wall clock was set back', -5_000, 0, 0, 400],
    ['the monotonic clock was ahead', 0, 50, 300, 450],
  ])(
    'tells how long it waited and how old its proof is so that the lease is the shorter: %s',
    async (_, wall, monotonic, heldMs, provenMsAgo) => {
      const { timing, verifiers, ask } = aServer()
      const sent = momentOf(timing)
      await timing.pass(100)
      const arrived = momentOf(timing)
      const asked = ask()!
      await timing.pass(300)
      timing.setWall(wall)
      timing.setMonotonic(monotonic)
      expect(verifiers.answer(asked, arrived, { sent, isLendable: true })).toMatchObject({
        heldMs,
        provenMsAgo,
      })
    },
  )

  test('is due at once when there is something to say', () => {
    const server = aServer()
    expect(server.verifiers.isDue(server.ask({ epoch: null, after: null })!)).toBe(true)
    server.connect()
    expect(server.verifiers.isDue(server.ask()!)).toBe(false)
    server.change(B)
    expect(server.verifiers.isDue(server.ask()!)).toBe(false)
    server.change(A)
    expect(server.verifiers.isDue(server.ask()!)).toBe(true)
  })

  test('is due at once, for it is a reset, to a verifier that did not hear the last one, though nothing concerns it', () => {
    const server = aServer()
    server.connect()
    server.change(B)
    server.tell({ after: 5 })
    expect(server.verifiers.isDue(server.ask({ after: 5 })!)).toBe(true)
    expect(server.verifiers.isDue(server.ask({ after: 6 })!)).toBe(false)
  })
})

describe('there is room', () => {
  test.each([
    ['for a hundred of one credential', 100, () => ({ credentialId: 'key_1' })],
    ['for a thousand of one company', 1_000, (index: number) => ({ credentialId: `key_${index}` })],
    [
      'for ten thousand',
      10_000,
      (index: number) => ({ credentialId: `key_${index}`, companyId: `cmp_${index}` }),
    ],
  ])('%s, and for one more when one has left', (_, max, fields) => {
    const { verifiers, ask } = aServer()
    for (let index = 0; index < max; index++) {
      expect(ask({ verifier: `v${index}`, ...fields(index) })).toBeDefined()
    }
    expect(ask({ verifier: 'one more', ...fields(max) })).toBeUndefined()
    expect(ask({ verifier: 'v0', ...fields(0) })).toBeDefined()
    verifiers.leave({ ...ask({ verifier: 'v0', ...fields(0) })!.question })
    expect(ask({ verifier: 'one more', ...fields(max) })).toBeDefined()
  })
})

test('nobody speaks for a verifier of another credential, or of another sight', () => {
  const server = aServer()
  server.connect()
  server.change(A)
  server.verifiers.unknown()
  for (const other of [{ credentialId: 'key_2' }, { sight: B, companyId: B }, { sight: null }]) {
    server.ask({ ...other, after: 6 })
    server.verifiers.leave({ ...server.ask({ ...other, after: 6 })!.question })
  }
  expect(server.verifiers.unknown()).toEqual({ [A]: 6 })
})
