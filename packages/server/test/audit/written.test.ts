/** What is written down of a change, and what a chain of it is found to be: one server, a company for each test. */
import type { CompanyId } from '@latchkey/core/ids'
import { beforeEach, describe, expect, test } from 'vitest'
import { appendAcceptance, appendCut, type NewEvent } from '../../src/audit/append-event.ts'
import { CHAIN_START } from '../../src/audit/chain.ts'
import { readCheckpoints, shortHead } from '../../src/audit/checkpoint.ts'
import { logCheckpoint } from '../../src/audit/checkpoint-log.ts'
import { createSightings, type Sighted } from '../../src/audit/sightings.ts'
import { takeCheckpoint } from '../../src/audit/take-checkpoint.ts'
import { verifyChain } from '../../src/audit/verify-chain.ts'
import { verifyStore } from '../../src/audit/verify-store.ts'
import type { Change } from '../../src/changes/change.ts'
import { requesterOnHost } from '../../src/changes/requester.ts'
import { listEventsAfter } from '../../src/storage/tables/audit.ts'
import { findLedger, saveLedgerWithCut } from '../../src/storage/tables/ledger.ts'
import { createFakeClock } from '../fake-clock.ts'
import { expectCreated, useTestServer } from '../harness.ts'
import { literal, tamperWith } from './tampering.ts'

const clock = createFakeClock()

let id: CompanyId

const server = useTestServer({}, { clock })
beforeEach(async () => {
  id = (await expectCreated(server, { path: '/companies', body: { name: 'Acme' } })).id
})

const change = <T>(work: (change: Change) => Promise<T>) =>
  server.services.change(requesterOnHost(id), id, work)
const EVENT: NewEvent = { action: 'key.updated', object: { type: 'key', id: 'key_1' } }
const record = (event: Partial<NewEvent> = {}) => change(({ record }) => record({ ...EVENT, ...event }))
/** The company's chain has so many events: its first is that of its creation. */
async function chainOf(count: number): Promise<void> {
  for (let n = 1; n < count; n += 1) await record()
}
const urgent = { isUrgent: true }
const ledger = async () => (await server.services.engine.read((db) => findLedger(db, id)))!
const events = () => server.services.engine.read((db) => listEventsAfter(db, id, -1, 100))
const verify = (options?: Parameters<typeof verifyChain>[3]) =>
  server.services.engine.read((db) => verifyChain(db, server.services.chain, id, options))
const tamper = (assignment: string) =>
  tamperWith(server, `UPDATE companies SET ${assignment} WHERE id = '${id}'`)
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const sealOf = async () => server.services.chain.sealOf(await ledger())

/** Tries something in a change that is not kept. */
async function tried<T>(work: (change: Change) => Promise<T>): Promise<T> {
  let value: T | undefined
  const undone = new Error('undone')
  await expect(
    change(async (change) => {
      value = await work(change)
      throw undone
    }),
  ).rejects.toBe(undone)
  return value!
}

describe('an event', () => {
  test('is kept as it is told, and sealed in the row of its company', async () => {
    const before = await ledger()
    server.services.chain.written.clear()
    await record({ changes: { enabled: [true, false] } })
    await record()
    const [, first, second] = await events()
    expect(first).toMatchObject({
      company_id: id,
      sequence: before.auditCount + 1,
      at: clock.nowMs(),
      action: 'key.updated',
      actor_type: 'host',
      actor_id: null,
      actor_user_id: null,
      object_type: 'key',
      object_id: 'key_1',
      address: null,
      request_id: null,
      changes: '{"enabled":[true,false]}',
    })
    expect(second).toMatchObject({ sequence: before.auditCount + 2, changes: '{}' })
    expect(hex(first!.hash)).toBe(hex(server.services.chain.hash(before.auditHead, first!)))
    expect(hex(second!.hash)).toBe(hex(server.services.chain.hash(first!.hash, second!)))
    const after = await ledger()
    expect([after.auditCount, hex(after.auditHead)]).toEqual([before.auditCount + 2, hex(second!.hash)])
    expect(await sealOf()).toBe('whole')
    expect([...server.services.chain.written]).toEqual([id])
  })

  test('of a user keeps nothing that a person is known by', async () => {
    await record({ object: { type: 'user', id: 'usr_1' }, changes: { name: ['Ada', 'Bob'] } })
    expect((await events()).at(-1)?.changes).toBe('{"name":["[personal]","[personal]"]}')
  })

  test('that nobody records moves nothing', async () => {
    const before = await ledger()
    await change(async (change) => change.nextId('key'))
    expect(await ledger()).toEqual(before)
  })
})

describe('on a chain whose row somebody has changed', () => {
  beforeEach(async () => {
    await chainOf(2)
    await tamper('audit_count = audit_count + 7')
  })

  test('what gives power is refused, and nothing is written', async () => {
    for (const isUrgent of [undefined, false]) {
      await expect(record(isUrgent === undefined ? {} : { isUrgent })).rejects.toMatchObject({
        code: 'audit_broken',
        detail: expect.stringMatching(/only deleting.*are accepted.*latchkey audit verify/),
        cause: expect.objectContaining({ message: `the seal of the audit chain of ${id} is not ours` }),
      })
    }
    expect(await events()).toHaveLength(2)
  })

  test('what takes power away is written after a mark of the service, which tells what was said and found', async () => {
    const said = await ledger()
    await record(urgent)
    const [, last, mark, event] = await events()
    expect(mark).toMatchObject({
      sequence: 3,
      action: 'audit.chain_broken',
      actor_type: 'service',
      object_type: 'company',
      object_id: id,
    })
    expect(JSON.parse(mark!.changes)).toEqual({
      count: [said.auditCount, 2],
      head: [hex(said.auditHead), hex(last!.hash)],
    })
    expect(hex(mark!.hash)).toBe(hex(server.services.chain.hash(last!.hash, mark!)))
    expect(event).toMatchObject({ sequence: 4, action: 'key.updated', actor_type: 'host' })
    expect(await sealOf()).toBe('broken')
    // It is marked once, stays marked, and still gives no power.
    await record(urgent)
    expect((await events()).map(({ action }) => action).slice(3)).toEqual(['key.updated', 'key.updated'])
    expect(await sealOf()).toBe('broken')
    await expect(record()).rejects.toMatchObject({ code: 'audit_broken' })
  })

  test.each([
    ['from the start', 0],
    ['from where it was cut', 3],
  ])('and that has no event left, it goes on %s', async (_, cut) => {
    const cutHead = cut === 0 ? null : Buffer.alloc(32, 3)
    await tamper(`audit_cut = ${cut}, audit_cut_head = ${literal(server, cutHead)}`)
    await tamperWith(server, `DELETE FROM audit_events WHERE company_id = '${id}'`)
    await record(urgent)
    const [mark] = await events()
    expect(mark).toMatchObject({ sequence: cut + 1, action: 'audit.chain_broken' })
    expect(hex(mark!.hash)).toBe(hex(server.services.chain.hash(cutHead ?? CHAIN_START, mark!)))
  })

  test('whoever accepts it goes on from what is there, and the seal is whole', async () => {
    server.services.chain.written.clear()
    const found = { sequence: 20, head: Buffer.alloc(32, 9) }
    const { after, event } = await tried(async (tx) => {
      await appendAcceptance(tx, tx.ledger, tx.nextId, found, { ...EVENT, action: 'audit.break_accepted' })
      const [event] = await listEventsAfter(tx.db, id, found.sequence, 2)
      return { after: { ...tx.ledger }, event }
    })
    expect(event).toMatchObject({ sequence: 21, action: 'audit.break_accepted' })
    expect(hex(event!.hash)).toBe(hex(server.services.chain.hash(found.head, event!)))
    expect([after.auditCount, hex(after.auditHead)]).toEqual([21, hex(event!.hash)])
    expect(server.services.chain.sealOf(after)).toBe('whole')
    expect([...server.services.chain.written]).toEqual([id])
  })

  test('nothing is cut', async () => {
    const cut = { sequence: 1, head: Buffer.alloc(32) }
    const cutting = change((tx) => appendCut(tx, tx.ledger, tx.nextId, cut, ''))
    await expect(cutting).rejects.toMatchObject({ code: 'audit_broken' })
  })
})

/** Takes the first `count` events away, as the service does it. */
async function cutAfter(count: number): Promise<void> {
  const { hash } = (await events())[count - 1]!
  await change(async (tx) => {
    await tx.record(EVENT)
    tx.chain.written.clear()
    await appendCut(tx, tx.ledger, tx.nextId, { sequence: count, head: hash }, '00'.repeat(32))
    await saveLedgerWithCut(tx.db, tx.ledger)
  })
  await tamperWith(server, `DELETE FROM audit_events WHERE company_id = '${id}' AND sequence <= ${count}`)
}

describe('a chain that is verified', () => {
  const sawOtherwise = (place: number, ends?: string): Sighted => ({
    differs: (count) => (count === place ? 'another was seen' : undefined),
    ends: () => ends,
  })

  test('tells how many events it has, and how far it is on the way', async () => {
    await chainOf(3)
    const read: number[] = []
    expect(await verify({ onProgress: (events) => void read.push(events) })).toEqual({
      isIntact: true,
      events: 3,
    })
    expect(read).toEqual([3])
  })

  test('tells what was cut, whether it holds or not', async () => {
    await chainOf(4)
    const head = hex((await events())[1]!.hash)
    await cutAfter(2)
    expect([...server.services.chain.written]).toEqual([id])
    expect(JSON.parse((await events()).at(-1)!.changes)).toEqual({
      cut: [0, 2],
      head: [null, head],
      breaks: [null, '00'.repeat(32)],
    })
    expect(await verify()).toEqual({ isIntact: true, prunedEvents: 2, events: 4 })
    await record()
    expect(await verify()).toEqual({ isIntact: true, prunedEvents: 2, events: 5 })
    await tamperWith(server, `UPDATE audit_events SET at = 1 WHERE company_id = '${id}' AND sequence = 4`)
    expect(await verify()).toMatchObject({ isIntact: false, sequence: 4, prunedEvents: 2 })
  })

  test('names what checkpoints saw at the cut, before all else', async () => {
    await chainOf(4)
    await cutAfter(2)
    const fault = { isIntact: false, eventId: undefined, sequence: 2, reason: 'another was seen' }
    expect(await verify({ seen: sawOtherwise(2) })).toEqual({ ...fault, prunedEvents: 2 })
  })

  test.each([
    [3, 'another was seen'],
    [4, 'its contents or its place do not fit its hash'],
    [5, 'its contents or its place do not fit its hash'],
  ])('names the first of what does not fit at 4 and what was seen otherwise at %i', async (place, reason) => {
    await chainOf(6)
    await tamperWith(server, `UPDATE audit_events SET at = 1 WHERE company_id = '${id}' AND sequence = 4`)
    const found = await verify({ seen: sawOtherwise(place) })
    expect(found).toMatchObject({ isIntact: false, sequence: Math.min(place, 4), reason })
  })

  test('is too short for what was seen', async () => {
    await chainOf(2)
    const seen = sawOtherwise(-1, 'it was longer')
    expect(await verify({ seen })).toEqual({
      isIntact: false,
      eventId: undefined,
      sequence: 2,
      reason: 'it was longer',
    })
  })

  test('of a company that is not there is an error', async () => {
    id = 'cmp_00000000000000000000000000' as CompanyId
    await expect(verify()).rejects.toThrow(`${id} is missing`)
  })

  test('of a company that only a checkpoint knows is gone', async () => {
    const seen = createSightings()
    const head = shortHead(CHAIN_START)
    const [none, some] = ['cmp_none', 'cmp_some'] as CompanyId[]
    const list = { count: 0, head }
    seen.add({
      at: 't1',
      list,
      chains: [
        { companyId: none!, count: 0, head },
        { companyId: some!, count: 3, head },
      ],
    })
    const { chains } = await verifyStore(server.services, { seen })
    const gone = { isIntact: false, eventId: undefined, sequence: 0 }
    expect(chains.slice(-2)).toEqual([
      { companyId: none, report: { ...gone, reason: 'the company is gone: a checkpoint saw it' } },
      {
        companyId: some,
        report: { ...gone, reason: 'the company is gone: it ends at 0, and the checkpoint of t1 saw 3' },
      },
    ])
    expect(chains.slice(0, -2).every(({ report }) => report.isIntact)).toBe(false)
  })
})

describe('a checkpoint', () => {
  const take = async (ids?: readonly CompanyId[]) => {
    const { engine, chain } = server.services
    const taken = await engine.read((db) => takeCheckpoint(db, chain, 1_763_631_000_123, ids))
    return { ...taken, read: taken.checkpoints.flatMap((text) => readCheckpoints(chain, text)) }
  }

  test('tells the moment, the list, and the chains it is asked for', async () => {
    await chainOf(2)
    const { auditHead } = await ledger()
    const { read, broken, isListBroken } = await take([id])
    const count = (await server.call({ path: '/companies?limit=1' })).body.total
    expect(read).toEqual([
      {
        at: '2025-11-20T09:30:00.123Z',
        list: { count, head: expect.stringMatching(/^[0-9a-f]{32}$/) },
        chains: [{ companyId: id, count: 2, head: shortHead(auditHead) }],
      },
    ])
    expect([broken, isListBroken]).toEqual([[], false])
  })

  test('of a chain that was changed is none, and it is named', async () => {
    await chainOf(1)
    await tamper('audit_count = 7')
    expect(await take([id])).toMatchObject({ broken: [id], checkpoints: [] })
  })

  test('is logged of what was added to, once; what could not be told is told the next time', async () => {
    const { engine, chain } = server.services
    const lines: string[] = []
    const broken: string[] = []
    const log = (read = engine.read) =>
      logCheckpoint({
        engine: { ...engine, read },
        chain,
        clock,
        onCheckpoint: (line) => void lines.push(line),
        onBroken: (companyId) => void broken.push(companyId),
      })
    chain.written.clear()
    await log(() => expect.unreachable('there is nothing to tell'))
    await record()
    await expect(log(() => Promise.reject(new Error('away')))).rejects.toThrow('away')
    expect(lines).toEqual([])
    await log()
    expect(
      lines.flatMap((line) => readCheckpoints(chain, line)).flatMap(({ chains }) => chains),
    ).toMatchObject([{ companyId: id, count: 2 }])
    await log()
    expect([lines.length, broken]).toEqual([1, []])
    await record()
    await tamper('audit_count = 7')
    await log()
    expect([lines.length, broken]).toEqual([1, [id]])
  })
})
