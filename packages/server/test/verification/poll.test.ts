/**
 * What a server says and asks of a store that is a network away, and when. Each of these clauses holds up a promise
 * about revocation: the simulator meets them by chance, these tests on purpose.
 */
import type { CompanyId } from '@latchkey/core/ids'
import { describe, expect, test } from 'vitest'
import { createRevocations } from '../../src/verification/freshness/revocations.ts'
import { createFakeStore, LEASE_MS, MARGIN_MS } from './fake-store.ts'
import { createFakeTiming, settled } from './fake-timing.ts'

const COMPANY = 'cmp_a' as CompanyId

function aServer() {
  const store = createFakeStore()
  const timing = createFakeTiming()
  const polls: unknown[] = []
  const kept: unknown[] = []
  const forgotten: string[] = []
  let ids = 0
  const revocations = createRevocations(
    { changes: store.followed },
    {
      memory: {
        drop: (...revoked) => void forgotten.push(...revoked.map(({ id }) => id)),
        clear: () => void forgotten.push('everything'),
      },
      newId: () => `id ${ids++}`,
      onPoll: (error) => void polls.push(error),
      onRowKept: (error) => void kept.push(error),
      timing,
    },
  )
  const start = async () => {
    await revocations.start({ isAlone: true })
    store.asked.length = 0
    polls.length = 0
    forgotten.length = 0
  }
  const change = (id: string) => {
    store.head.revision += 1
    store.log.push({ revision: store.head.revision, scope: 'key', object_id: id })
  }
  return { store, timing, revocations, polls, kept, forgotten, start, change }
}

describe('a poll', () => {
  test('announces the server, durably, before it asks', async () => {
    const { store, revocations, timing } = aServer()
    const held = store.hold('announce')
    const started = revocations.start({ isAlone: true })
    await settled()
    expect(store.asked).toEqual(['announce'])
    expect(revocations.isFresh()).toBe(false)
    const announced: unknown[] = []
    const { observe } = store.followed
    store.followed.observe = (revision) => {
      announced.push(store.servers.get('id 0'))
      return observe(revision)
    }
    held.letGo()
    await started
    expect(announced[0]).toEqual({ unknown: {}, id: 'id 0', epoch: '', applied: -1, beat: 'id 1' })
    // The first look applied something: the others hear of it at once.
    expect(store.asked).toEqual(['announce', 'observe -1', 'announce', 'observe 1'])
    expect(revocations.isFresh()).toBe(true)
    expect(store.servers.get('id 0')).toEqual({
      unknown: {},
      id: 'id 0',
      epoch: 'one',
      applied: 1,
      beat: 'id 2',
    })
    expect(timing.due).toEqual([250])
  })

  test('comes every 250 ms', async () => {
    const { store, timing, start } = aServer()
    await start()
    await timing.pass(249)
    expect(store.asked).toEqual([])
    await timing.pass(1)
    expect(store.asked).toEqual(['announce', 'observe 1'])
    await timing.pass(500)
    expect(store.asked).toHaveLength(6)
  })

  test('comes at once when it is woken, and the next one 250 ms later', async () => {
    const { store, timing, start } = aServer()
    await start()
    await timing.pass(100)
    store.wake()
    await settled()
    expect(store.asked).toEqual(['announce', 'observe 1'])
    expect(timing.due).toEqual([250])
  })

  test('under way is followed by another when it is woken meanwhile', async () => {
    const { store, timing, start } = aServer()
    await start()
    const held = store.hold('observe')
    await timing.pass(250)
    store.wake()
    store.wake()
    held.letGo()
    await settled()
    expect(store.asked).toEqual(['announce', 'observe 1', 'announce', 'observe 1'])
  })

  test('that applied something is followed by another, which says so', async () => {
    const { store, timing, start, change, forgotten } = aServer()
    await start()
    change('key_1')
    await timing.pass(250)
    expect(forgotten).toEqual(['key_1'])
    expect(store.asked).toEqual(['announce', 'observe 1', 'announce', 'observe 2'])
    expect(store.servers.get('id 0')).toMatchObject({ applied: 2 })
  })

  test('that found another epoch is followed by another, too', async () => {
    const { store, timing, start, forgotten } = aServer()
    await start()
    store.head.epoch = 'two'
    await timing.pass(250)
    expect(forgotten).toEqual(['everything'])
    expect(store.asked).toEqual(['announce', 'observe 1', 'announce', 'observe 1'])
    expect(store.servers.get('id 0')).toMatchObject({ epoch: 'two' })
  })

  test('has a beat of its own each time', async () => {
    const { store, timing, start } = aServer()
    await start()
    const beats = new Set<string | undefined>()
    for (let n = 0; n < 5; n += 1) {
      await timing.pass(250)
      beats.add(store.servers.get('id 0')?.beat)
    }
    expect(beats.size).toBe(5)
  })

  test('measures the lease from before it announces the server', async () => {
    const { store, timing, revocations, start } = aServer()
    await start()
    const held = store.hold('announce')
    await timing.pass(250)
    await timing.pass(300)
    held.letGo()
    await settled()
    await timing.pass(0)
    store.hold('announce')
    await timing.pass(LEASE_MS - 300)
    expect(revocations.isFresh()).toBe(true)
    await timing.pass(1)
    expect(revocations.isFresh()).toBe(false)
  })

  test('is given up after 600 ms with its connection, and its late answer is not used', async () => {
    const { store, timing, start, polls, change, revocations } = aServer()
    await start()
    const held = store.hold('observe')
    await timing.pass(250)
    await timing.pass(599)
    expect(polls).toEqual([])
    await timing.pass(1)
    expect(polls).toEqual([new Error('no answer within 600 ms')])
    expect(store.asked).toEqual(['announce', 'observe 1', 'reset'])
    change('key_1')
    held.letGo()
    await settled()
    expect(revocations.applied).toBe(1)
    await timing.pass(250)
    expect(revocations.applied).toBe(2)
    expect(polls.at(-1)).toBeUndefined()
  })

  test('proves nothing when the row of the server is gone, or is another’s', async () => {
    for (const meddle of ['gone', 'another beat']) {
      const { store, timing, start, polls, revocations } = aServer()
      await start()
      const { announce } = store.followed
      store.followed.announce = async (row) => {
        await announce(row)
        if (meddle === 'gone') store.servers.delete(row.id)
        else store.servers.set(row.id, { ...row, beat: meddle })
      }
      // A row of another server does not stand in for it.
      store.servers.set('other', { id: 'other', epoch: 'one', applied: 1, beat: 'id 3' })
      await timing.pass(LEASE_MS + 1)
      expect(polls).toContainEqual(new Error('the row of this server is gone'))
      expect(polls).not.toContain(undefined)
      expect(revocations.isFresh()).toBe(false)
      expect(store.asked).toContain('reset')
    }
  })

  test('tells the store that its head went back, for those who start now', async () => {
    const { store, timing, start, change, revocations } = aServer()
    change('key_1')
    await start()
    store.head.revision = 1
    await timing.pass(250)
    expect(store.asked).toEqual(['announce', 'observe 2', 'distrust one'])
    expect(revocations.refused).toEqual({ known: 2, found: 1 })
    expect(revocations.isFresh()).toBe(false)
    store.head.isAccepted = false
    store.asked.length = 0
    await timing.pass(250)
    expect(store.asked).toEqual(['announce', 'observe 2'])
  })
})

describe('a server', () => {
  const question = { verifier: 'v', credentialId: 'key_1', companyId: COMPANY, sight: COMPANY }
  const asked = { ...question, epoch: 'one', after: 1 }
  const patience = { holdMs: 0, assertWanted: () => {} }

  test('does not know where it is before its first look', async () => {
    const { revocations, start } = aServer()
    expect(() => revocations.position()).toThrow(expect.objectContaining({ code: 'cannot_verify' }))
    await start()
    expect(revocations.position()).toEqual({ revision: 1, epoch: 'one' })
    expect(revocations.serverId).toBe('id 0')
  })

  test('takes no head from before what it knows', async () => {
    const { revocations, start, store } = aServer()
    await start()
    const isExpected = revocations.expect()
    expect(isExpected(store.head)).toBe(true)
    expect(isExpected({ ...store.head, revision: 0 })).toBe(false)
    expect(isExpected(store.head)).toBe(false)
  })

  test('lends to verifiers until they leave, or it does', async () => {
    const { revocations, start } = aServer()
    await start()
    expect(await revocations.tell(asked, patience)).toMatchObject({ leaseMs: LEASE_MS, through: 1 })
    expect(revocations.verifiers()).toEqual({ leased: 1, behind: 0 })
    revocations.dismiss(asked)
    expect(revocations.verifiers()).toEqual({ leased: 0, behind: 0 })
    revocations.leave()
    expect(() => revocations.tell(asked, patience)).toThrow(expect.objectContaining({ code: 'unavailable' }))
  })
})

describe('the row of another server', () => {
  const withRow = async (beat = 'a beat') => {
    const given = aServer()
    given.store.servers.set('other', { id: 'other', epoch: 'one', applied: 1, beat })
    await given.start()
    return given
  }

  test('is removed when its beat stood still for longer than lease and margin', async () => {
    const { store, timing, kept } = await withRow()
    await timing.pass(LEASE_MS + MARGIN_MS)
    expect(store.servers.has('other')).toBe(true)
    await timing.pass(250)
    expect(store.servers.has('other')).toBe(false)
    expect(store.asked).toContain('forget other a beat')
    expect(store.servers.has('id 0')).toBe(true)
    expect(kept).toEqual([])
  })

  test('stays while its beat changes', async () => {
    const { store, timing } = await withRow()
    for (let n = 0; n < 30; n += 1) {
      store.servers.set('other', { id: 'other', epoch: 'one', applied: 1, beat: `beat ${n}` })
      await timing.pass(250)
    }
    expect(store.servers.has('other')).toBe(true)
    expect(store.asked.filter((question) => question.startsWith('forget'))).toEqual([])
  })

  test('that was gone meanwhile is measured anew', async () => {
    const { store, timing } = await withRow()
    await timing.pass(2_000)
    const row = store.servers.get('other')!
    store.servers.delete('other')
    await timing.pass(250)
    store.servers.set('other', row)
    await timing.pass(LEASE_MS + MARGIN_MS)
    expect(store.servers.has('other')).toBe(true)
    await timing.pass(500)
    expect(store.servers.has('other')).toBe(false)
  })
})

describe('a server that stops', () => {
  test('gives up memory before its row', async () => {
    const { store, timing, revocations, start, forgotten } = aServer()
    await start()
    const held = store.hold('withdraw')
    const stopped = revocations.stop()
    await settled()
    expect(revocations.isFresh()).toBe(false)
    expect(forgotten).toEqual(['everything'])
    expect(store.asked).toEqual(['withdraw id 0'])
    held.letGo()
    await stopped
    expect(timing.due).toEqual([])
    expect(store.servers.size).toBe(0)
    store.wake()
    await timing.pass(10_000)
    expect(store.asked).toEqual(['withdraw id 0'])
    expect(timing.due).toEqual([])
  })

  test('waits for the poll under way, which leaves no row behind and no memory', async () => {
    const { store, timing, revocations, start } = aServer()
    await start()
    const held = store.hold('observe')
    await timing.pass(250)
    // Somebody moved the head meanwhile: to look again would announce the server anew.
    store.wake()
    const stopped = revocations.stop()
    await settled()
    expect(store.asked).toEqual(['announce', 'observe 1'])
    held.letGo()
    await stopped
    expect(store.asked).toEqual(['announce', 'observe 1', 'withdraw id 0'])
    expect(revocations.isFresh()).toBe(false)
    expect(timing.due).toEqual([])
  })

  test('does not wait for ever until its row is gone', async () => {
    const { store, timing, revocations, start } = aServer()
    await start()
    store.hold('withdraw')
    const stopped = expect(revocations.stop()).rejects.toThrow('no answer within 600 ms')
    await timing.pass(600)
    await stopped
  })

  test('that never started says nothing', async () => {
    const { store, revocations } = aServer()
    await revocations.stop()
    expect(store.asked).toEqual([])
  })
})

describe('a revocation of its own', () => {
  test('is applied at once, without waiting for the next poll', async () => {
    const { store, timing, revocations, start, change } = aServer()
    await start()
    change('key_1')
    const settling = revocations.settle({ revision: 2, epoch: 'one' })
    await settled()
    expect(revocations.applied).toBe(2)
    await timing.pass(3)
    await settling
    expect(store.asked.filter((question) => question === 'survey')).toHaveLength(2)
  })

  test('of a command that serves nobody waits for the servers, and announces none', async () => {
    const { store, timing, revocations } = aServer()
    store.servers.set('other', { id: 'other', epoch: 'one', applied: 1, beat: 'a beat' })
    await revocations.settle({ revision: 1, epoch: 'one' })
    expect(store.asked).toEqual(['survey'])
    expect(timing.due).toEqual([])
  })
})
