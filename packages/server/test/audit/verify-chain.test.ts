import type { CompanyId } from '@latchkey/core/ids'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { verifyChain } from '../../src/audit/verify-chain.ts'
import { expectCreated, startTestServer, type TestService } from '../harness.ts'

const EVENTS = 12

let server: TestService
let companyId: CompanyId

beforeEach(async () => {
  server = await startTestServer()
  companyId = server.admin.companyId
  // The first start wrote three: company, user and key.
  for (let n = 3; n < EVENTS; n++) {
    await expectCreated(server, {
      path: '/keys',
      body: { userId: server.admin.userId, description: `n ${n}` },
    })
  }
})

afterEach(() => server.dispose())

const verify = () => server.services.engine.read((db) => verifyChain(db, server.services.chain, companyId))

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

describe('the audit chain', () => {
  it('holds after ordinary use, every event counted', async () => {
    expect(await verify()).toEqual({ isIntact: true, events: EVENTS })
  })

  it.each([
    ['action', "UPDATE audit_events SET action = 'key.read' WHERE sequence = 5"],
    ['actor', "UPDATE audit_events SET actor_id = 'key_someone_else' WHERE sequence = 5"],
    ['time', 'UPDATE audit_events SET at = at + 1 WHERE sequence = 5'],
    ['address', "UPDATE audit_events SET address = '203.0.113.9' WHERE sequence = 5"],
    ['changes', "UPDATE audit_events SET changes = '{}' WHERE sequence = 5"],
    [
      'hash',
      'UPDATE audit_events SET hash = (SELECT hash FROM audit_events WHERE sequence = 3) WHERE sequence = 5',
    ],
  ])('names the event whose %s was changed', async (_field, sql) => {
    const eventId = await eventIdAt(5)
    await tamper(sql)
    expect(await verify()).toMatchObject({ isIntact: false, eventId, sequence: 5 })
  })

  it('names the first event after one that was deleted', async () => {
    const eventId = await eventIdAt(6)
    await tamper('DELETE FROM audit_events WHERE sequence = 5')
    expect(await verify()).toMatchObject({ isIntact: false, eventId, sequence: 5 })
  })

  it('names an event that was inserted', async () => {
    await tamper('UPDATE audit_events SET sequence = sequence + 1000 WHERE sequence >= 6')
    await tamper('UPDATE audit_events SET sequence = sequence - 999 WHERE sequence >= 1000')
    await tamper(
      `INSERT INTO audit_events SELECT company_id, 'evt_forged', 6, at, action, actor_type, actor_id,
        actor_user_id, object_type, object_id, address, request_id, changes, hash
       FROM audit_events WHERE sequence = 5`,
    )
    expect(await verify()).toMatchObject({ isIntact: false, eventId: 'evt_forged', sequence: 6 })
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
})
