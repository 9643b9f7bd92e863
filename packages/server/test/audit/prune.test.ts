/** Old events are taken away, what remains is still provable, and whoever takes some away by hand is seen. */
import type { CompanyId } from '@latchkey/core/ids'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readCheckpoints } from '../../src/audit/checkpoint.ts'
import { createSightings } from '../../src/audit/sightings.ts'
import { takeCheckpoint } from '../../src/audit/take-checkpoint.ts'
import { verifyStore } from '../../src/audit/verify-store.ts'
import { acceptBrokenAudit } from '../../src/host/audit-on-host.ts'
import { pruneAuditOnHost } from '../../src/host/prune-audit-on-host.ts'
import { createFakeClock, HOUR_MS } from '../fake-clock.ts'
import { expectCreated, type Parsed, startTestServer, type TestService } from '../harness.ts'
import { tamperWith } from './tampering.ts'

const DAY_MS = 24 * HOUR_MS

let clock: ReturnType<typeof createFakeClock>
let server: TestService
let companyId: CompanyId
let other: Parsed
let newYearMs: number

const makeKey = () => expectCreated(server, { path: '/keys', body: { userId: server.admin.userId } })
/** Oldest first. */
const events = async (): Promise<Parsed> => {
  const { body } = await server.call({ path: '/audit?limit=100' })
  return { ...body, data: body.data.toReversed() }
}
const verify = (seen?: Parsed) => verifyStore(server.services, { seen })
const isWhole = async () => {
  const { list, chains } = await verify()
  return list.isIntact && chains.every(({ report }) => report.isIntact)
}

/** Prunes; answers what was written, and whether it was kept before anything was gone. */
async function prune(
  beforeMs = newYearMs,
  services: Parameters<typeof pruneAuditOnHost>[0] = server.services,
) {
  let [text, keeps] = ['', 0]
  const pruned = await pruneAuditOnHost(services, beforeMs, {
    write(lines) {
      text += lines
    },
    keep() {
      keeps += 1
    },
  })
  const lines = text.split('\n').slice(0, -1)
  return { ...pruned, keeps, lines: lines.map((line) => JSON.parse(line)) }
}

beforeEach(async () => {
  clock = createFakeClock()
  server = await startTestServer({}, { clock })
  companyId = server.admin.companyId
  other = await expectCreated(server, { path: '/companies', body: { name: 'Acme' } })
  for (let n = 0; n < 3; n += 1) await makeKey()
  await clock.move(30 * DAY_MS)
  newYearMs = clock.nowMs() - DAY_MS
  for (let n = 0; n < 2; n += 1) await makeKey()
})
afterEach(() => server.dispose())

test('what is old is written down, then gone; what remains holds, and an event says so', async () => {
  const before = await events()
  const { lines, ...pruned } = await prune()
  const old = before.data.filter(({ at }: Parsed) => Date.parse(at) < newYearMs)
  expect(lines.filter((line) => line.companyId === companyId)).toEqual(old)
  expect(pruned).toEqual({ events: old.length + 1, companies: 2, keeps: 2 })
  const after = await events()
  const last = after.data.at(-1)
  expect(after.data.slice(0, -1)).toEqual(before.data.slice(old.length))
  expect(last).toMatchObject({
    action: 'audit.pruned',
    actor: { type: 'host' },
    changes: { cut: [0, old.length], head: [null, old.at(-1).hash] },
  })
  expect(after.total).toBe(after.data.length)
  expect(await isWhole()).toBe(true)
  expect((await verify()).chains.find((one) => one.companyId === companyId)?.report).toEqual({
    isIntact: true,
    prunedEvents: old.length,
    events: after.data.length,
  })
})

test('it goes on, and may be done again: also when the event that says so is pruned itself', async () => {
  await prune()
  await makeKey()
  expect((await prune()).events).toBe(0)
  await clock.move(30 * DAY_MS)
  expect((await prune(clock.nowMs())).companies).toBe(2)
  expect((await events()).data.map(({ action }: Parsed) => action)).toEqual(['audit.pruned'])
  await makeKey()
  expect(await isWhole()).toBe(true)
  expect((await prune(clock.nowMs())).events).toBe(0)
})

test.each([
  ['before the first event is written', 1],
  ['before the last of them is', 2],
])('one that another overtakes, %s, takes nothing younger away', async (_, reads) => {
  const young = (await events()).data.filter(({ at }: Parsed) => Date.parse(at) >= newYearMs)
  const { engine } = server.services
  let left = reads
  const read: typeof engine.read = async (work, turn) => {
    const answer = await engine.read(work, turn)
    left -= 1
    if (left === 0) await prune()
    return answer
  }
  const overtaken = prune(newYearMs, { ...server.services, engine: { ...engine, read } })
  await expect(overtaken).rejects.toThrow(/somebody else.*run it again/i)
  expect((await events()).data).toEqual(expect.arrayContaining(young))
  expect(await isWhole()).toBe(true)
})

test('checkpoints from before agree, up to the cut and after it', async () => {
  const seen = createSightings()
  const { chain, engine } = server.services
  const taken = await engine.read((db) => takeCheckpoint(db, chain, clock.nowMs()))
  for (const checkpoint of readCheckpoints(chain, taken.checkpoints.join('\n'))) seen.add(checkpoint)
  await prune()
  expect((await verify(seen)).chains.map(({ report }) => report.isIntact)).toEqual([true, true])
})

test('a store whose chain does not hold is not pruned', async () => {
  await tamperWith(server, `UPDATE audit_events SET at = 1 WHERE company_id = '${other.id}'`)
  await expect(prune()).rejects.toMatchObject({ code: 'audit_broken' })
  expect((await events()).data[0].sequence).toBe(1)
})

test.each(['before the cut', 'after it'])('a break that was accepted %s stays accepted', async (where) => {
  const sequence = where === 'before the cut' ? 3 : (await events()).total
  await tamperWith(
    server,
    `UPDATE audit_events SET request_id = 'another' WHERE company_id = '${companyId}' AND sequence = ${sequence}`,
  )
  await acceptBrokenAudit(server.services, await verify())
  expect(await isWhole()).toBe(true)
  await prune()
  expect(await isWhole()).toBe(true)
  await makeKey()
  expect(await isWhole()).toBe(true)
})

describe('whoever takes events away by hand is seen', () => {
  const where = () => `company_id = '${companyId}'`

  test.each<readonly [string, () => string[]]>([
    ['the first that remains', () => [`DELETE FROM audit_events WHERE ${where()} AND sequence = 7`]],
    [
      'one more, and says so in the row',
      () => [
        `DELETE FROM audit_events WHERE ${where()} AND sequence = 7`,
        `UPDATE companies SET audit_cut = 7 WHERE id = '${companyId}'`,
      ],
    ],
    [
      'the event that says so',
      () => [`DELETE FROM audit_events WHERE ${where()} AND action = 'audit.pruned'`],
    ],
    [
      'the cut',
      () => [`UPDATE companies SET audit_cut = 0, audit_cut_head = NULL WHERE id = '${companyId}'`],
    ],
    [
      'what the event says',
      () => [`UPDATE audit_events SET changes = '{}' WHERE ${where()} AND action = 'audit.pruned'`],
    ],
  ])('%s', async (_, statements) => {
    const cut = (await prune()).lines.filter((line) => line.companyId === companyId).length
    expect(cut).toBe(6)
    expect(await isWhole()).toBe(true)
    await tamperWith(server, ...statements())
    expect(await isWhole()).toBe(false)
  })
})
