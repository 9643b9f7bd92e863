import type { CompanyId } from '@latchkey/core/ids'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { verifyChain } from '../../src/audit/verify-chain.ts'
import { findLedger } from '../../src/storage/tables/ledger.ts'
import { createTestCompany, expectCreated, startTestServer, type TestService } from '../harness.ts'

const EVENTS = 12

let server: TestService
let companyId: CompanyId

/** What is tampered with. */
const TABLES = ['audit_events', 'companies']

beforeAll(async () => {
  server = await startTestServer()
  companyId = server.admin.companyId
  // The first start wrote three: company, user and key.
  for (let n = 3; n < EVENTS; n++) {
    await expectCreated(server, {
      path: '/keys',
      body: { userId: server.admin.userId, description: `n ${n}` },
    })
  }
  for (const table of TABLES) await server.tamper(`CREATE TABLE kept_${table} AS SELECT * FROM ${table}`)
})

afterEach(async () => {
  for (const table of TABLES) {
    await tamper(`DELETE FROM ${table}`)
    await tamper(`INSERT INTO ${table} SELECT * FROM kept_${table}`)
  }
})

afterAll(() => server.dispose())

const verify = (id = companyId) =>
  server.services.engine.read((db) => verifyChain(db, server.services.chain, id))

/** Does to the store what someone with access to the database, but not to the server secret, could do. */
async function tamper(sql: string, ...parameters: (string | number)[]): Promise<void> {
  expect(await server.tamper(sql, ...parameters)).toBeGreaterThan(0)
}

async function eventIdAt(sequence: number): Promise<string> {
  const { id } = await server.services.engine.read((db) =>
    db.selectFrom('audit_events').select('id').where('sequence', '=', sequence).executeTakeFirstOrThrow(),
  )
  return id
}

/** As SQL: what each column of an event can be changed to by someone who writes to the database. */
const CHANGED = [
  ['id', "'evt_7zzzzzzzzzzzzzzzzzzzzzzzzz'"],
  ['at', 'at + 1'],
  ['at', '0'],
  ['action', "'key.read'"],
  ['action', "''"],
  ['actor_type', "'host'"],
  ['actor_id', "'key_someone_else'"],
  ['actor_id', 'NULL'],
  ['actor_user_id', "'usr_someone_else'"],
  ['actor_user_id', 'NULL'],
  ['object_type', "'user'"],
  ['object_id', "'key_another'"],
  ['address', "'203.0.113.9'"],
  ['address', 'NULL'],
  ['request_id', "'req_another'"],
  ['request_id', 'NULL'],
  ['changes', "'{}'"],
  ['changes', "changes || ' '"],
  ['hash', '(SELECT hash FROM audit_events WHERE sequence = 3)'],
  ['redaction', 'hash'],
] as const

describe('the audit chain', () => {
  it('holds after ordinary use, every event counted', async () => {
    expect(await verify()).toEqual({ isIntact: true, events: EVENTS })
  })

  it.each(CHANGED)('names the event whose %s was changed to %s', async (column, value) => {
    const eventId = await eventIdAt(5)
    await tamper(`UPDATE audit_events SET ${column} = ${value} WHERE sequence = 5`)
    const named = column === 'id' ? value.slice(1, -1) : eventId
    expect(await verify()).toMatchObject({ isIntact: false, eventId: named, sequence: 5 })
  })

  it('has a test for each column of an event', async () => {
    const event = await server.services.engine.read((db) =>
      db.selectFrom('audit_events').selectAll().limit(1).executeTakeFirstOrThrow(),
    )
    const tried = new Set<string>(CHANGED.map(([column]) => column))
    expect(Object.keys(event).filter((column) => !tried.has(column))).toEqual(['company_id', 'sequence'])
  })

  it('names the first event after one that was deleted', async () => {
    const eventId = await eventIdAt(6)
    await tamper('DELETE FROM audit_events WHERE sequence = 5')
    expect(await verify()).toMatchObject({ isIntact: false, eventId, sequence: 5 })
  })

  it.each([
    ['at its place', 6, 'its contents or its place do not fit its hash'],
    ['before the first', 0, 'the chain starts after number 0, and this is before it'],
    ['far before the first', -7, 'the chain starts after number 0, and this is before it'],
    ['after the last', EVENTS + 1, 'its contents or its place do not fit its hash'],
    ['far after the last', 99, `event ${EVENTS + 1} is missing: the next one there is number 99`],
  ])('names an event that was inserted %s', async (_place, sequence, reason) => {
    if (sequence > 0 && sequence <= EVENTS) {
      await tamper('UPDATE audit_events SET sequence = sequence + 1000 WHERE sequence >= ?', sequence)
      await tamper('UPDATE audit_events SET sequence = sequence - 999 WHERE sequence >= 1000')
    }
    await tamper(
      `INSERT INTO audit_events SELECT company_id, 'evt_forged', ${sequence}, at, action, actor_type, actor_id,
        actor_user_id, object_type, object_id, address, request_id, changes, hash, redaction
       FROM audit_events WHERE sequence = 5`,
    )
    expect(await verify()).toMatchObject({ isIntact: false, eventId: 'evt_forged', reason })
  })

  it('names the first of two events that changed places', async () => {
    const later = await eventIdAt(8)
    await tamper('UPDATE audit_events SET sequence = 1000 WHERE sequence = 7')
    await tamper('UPDATE audit_events SET sequence = 7 WHERE sequence = 8')
    await tamper('UPDATE audit_events SET sequence = 8 WHERE sequence = 1000')
    expect(await verify()).toMatchObject({ isIntact: false, eventId: later, sequence: 7 })
  })

  it('finds that the end was cut off, also when the count was made to fit', async () => {
    await tamper('DELETE FROM audit_events WHERE sequence = ?', EVENTS)
    expect(await verify()).toMatchObject({ isIntact: false, eventId: undefined, sequence: EVENTS - 1 })
    await tamper('UPDATE companies SET audit_count = audit_count - 1 WHERE id = ?', companyId)
    expect(await verify()).toMatchObject({ isIntact: false, eventId: undefined })
  })

  it('finds that the start was cut off, also when the cut was made to fit', async () => {
    const eventId = await eventIdAt(4)
    const hashOfLast = '(SELECT hash FROM audit_events WHERE sequence = 3)'
    await tamper(`UPDATE companies SET audit_cut = 3, audit_cut_head = ${hashOfLast} WHERE id = ?`, companyId)
    await tamper('DELETE FROM audit_events WHERE sequence <= 3')
    expect(await verify()).toMatchObject({ isIntact: false, eventId: undefined, sequence: EVENTS })
    await tamper('UPDATE companies SET audit_cut = 0, audit_cut_head = NULL WHERE id = ?', companyId)
    expect(await verify()).toMatchObject({ isIntact: false, eventId, sequence: 1 })
  })

  it('finds that one company was given the chain of another', async () => {
    const other = await createTestCompany(server)
    const columns = ['audit_count', 'audit_head', 'audit_seal']
    const taken = columns.map((name) => `${name} = (SELECT ${name} FROM companies WHERE id = '${companyId}')`)
    await tamper('DELETE FROM audit_events WHERE company_id = ?', other.id)
    await tamper(
      `INSERT INTO audit_events SELECT '${other.id}', id, sequence, at, action, actor_type, actor_id,
        actor_user_id, object_type, object_id, address, request_id, changes, hash, redaction
       FROM audit_events WHERE company_id = ?`,
      companyId,
    )
    await tamper(`UPDATE companies SET ${taken.join(', ')} WHERE id = ?`, other.id)
    const otherId = other.id as CompanyId
    expect(await verify(otherId)).toMatchObject({ isIntact: false, sequence: 1 })
    // The seal by itself: with nothing else of the chain there to tell.
    const ledger = await server.services.engine.read((db) => findLedger(db, otherId))
    expect(server.services.chain.sealOf(ledger!)).toBe(undefined)
  })
})

describe('a chain of more events than are read at once', () => {
  const MANY = 1_001
  const AT_ONCE = 23

  beforeEach(async () => {
    const path = `/keys/${server.admin.keyId}`
    const change = (n: number) => server.call({ method: 'PATCH', path, body: { description: `change ${n}` } })
    // As many at once as a slow database server takes without turning one away.
    for (let n = EVENTS; n < MANY; n += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, (_, m) => change(n + m)))
  })

  it('holds, and is named at the seam of two pages when it breaks there', async () => {
    expect(await verify()).toEqual({ isIntact: true, events: MANY })
    for (const sequence of [MANY, MANY - 1]) {
      const eventId = await eventIdAt(sequence)
      await tamper('UPDATE audit_events SET at = at + 1 WHERE sequence = ?', sequence)
      expect(await verify()).toMatchObject({ isIntact: false, eventId, sequence })
    }
    await tamper('DELETE FROM audit_events WHERE sequence = ?', MANY - 1)
    const eventId = await eventIdAt(MANY)
    expect(await verify()).toMatchObject({ isIntact: false, eventId, sequence: MANY - 1 })
  })
})
