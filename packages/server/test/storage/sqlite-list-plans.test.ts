/** Whatever a list is asked for, an index has the rows in its order: no page costs more for the rows that are not on it. */
import type { CompanyId, UserId } from '@latchkey/core/ids'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { storeFileOf } from '../../src/open-store.ts'
import { openSqliteConnection, type SqliteConnection } from '../../src/storage/sqlite/connection.ts'
import { listingOfEvents } from '../../src/storage/tables/listing/event-listing.ts'
import { listingOfKeys } from '../../src/storage/tables/listing/key-listing.ts'
import { listingOfCompanies, listingOfUsers } from '../../src/storage/tables/listing/listings.ts'
import type { IdRange, Listing } from '../../src/storage/tables/listing/page.ts'
import { startTestServer, type TestService } from '../harness.ts'

let server: TestService
let connection: SqliteConnection
/** What was prepared on the connection, each once. */
const texts: string[] = []
let prepare: typeof connection.database.prepare

beforeAll(async () => {
  server = await startTestServer()
  connection = openSqliteConnection(storeFileOf(server.dataDir), { isReadOnly: true })
  const { database } = connection
  prepare = database.prepare.bind(database)
  database.prepare = (text) => {
    texts.push(text)
    return prepare(text)
  }
})
afterAll(async () => {
  connection.database.close()
  await server.dispose()
})

const company = 'cmp_x' as CompanyId
const userId = 'usr_x' as UserId
// One text serves active and inactive.
const LISTINGS: readonly (readonly [string, Listing])[] = [
  ...(['active', 'all'] as const).flatMap((status) => [
    [`keys, ${status}`, listingOfKeys(company, { status })] as const,
    [`keys of a user, ${status}`, listingOfKeys(company, { status, userId })] as const,
  ]),
  ['users', listingOfUsers(company)],
  ['companies', listingOfCompanies()],
  ['audit events', listingOfEvents(company, {})],
]
const RANGES: readonly IdRange[] = [{}, { above: 'x' }, { below: 'x' }, { below: 'y', from: 'x' }]

test.each(LISTINGS)('%s', async (_, { ids }) => {
  const before = texts.length
  for (const range of RANGES) {
    for (const order of ['asc', 'desc'] as const) await ids(connection.db, range, order, 25, 100)
  }
  const plan = texts.slice(before).flatMap((text) =>
    prepare(`EXPLAIN QUERY PLAN ${text}`)
      .all()
      .map(({ detail }) => String(detail)),
  )
  expect(plan).not.toEqual([])
  for (const step of plan) expect(step).toMatch(/COVERING INDEX|PRIMARY KEY|^SCAN companies$/)
})
