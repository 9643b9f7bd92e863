/** A database whose own rules of case are not those of ASCII. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { expectCreated, startTestServer, type TestService } from '../harness.ts'
import { connectTo, type Onlooker } from '../postgres-cluster.ts'

const name = `turkish_${randomUUID().replaceAll('-', '')}`
const serverUrl = inject('databaseServer')!
let onlooker: Onlooker
let server: TestService

beforeAll(async () => {
  onlooker = await connectTo(serverUrl)
  await onlooker.query(
    `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR' LOCALE 'C'`,
  )
  server = await startTestServer({
    DATABASE_URL: Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href,
  })
})
afterAll(async () => {
  await server.dispose()
  await onlooker.query(`DROP DATABASE ${name} WITH (FORCE)`)
  await onlooker.end()
})

test('a search finds what it finds in any other', async () => {
  const database = await connectTo(Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href)
  expect(await database.query("SELECT lower('I') AS lower")).toEqual([{ lower: 'ı' }])
  await database.end()
  const made = await expectCreated(server, {
    path: '/keys',
    body: { userId: server.admin.userId, description: 'BILLING in İzmir' },
  })
  const plain = await expectCreated(server, {
    path: '/keys',
    body: { userId: server.admin.userId, description: 'MAILING' },
  })
  for (const [search, id] of [
    ['billing', made.id],
    ['BILLING', made.id],
    ['izmir', made.id],
    ['mailing', plain.id],
    ['MAILING', plain.id],
    [plain.id.toUpperCase(), plain.id],
  ]) {
    const { body } = await server.call({ path: `/keys?${new URLSearchParams({ search })}` })
    expect(
      body.data.map((key: { id: string }) => key.id),
      search,
    ).toEqual([id])
  }
})
