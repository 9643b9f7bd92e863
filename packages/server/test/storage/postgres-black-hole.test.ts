/** A network that carries nothing any more and ends no connection: each read is told of it by its own time limit. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { PostgresClient } from '../../src/storage/postgres/client.ts'
import { createPool, type Pool } from '../../src/storage/postgres/pool.ts'
import { createReach } from '../../src/storage/postgres/reach.ts'
import { inspectIn, readIn } from '../../src/storage/postgres/transactions.ts'
import { parsePostgresUrl } from '../../src/storage/postgres/url.ts'
import type { Db } from '../../src/storage/tables/schema.ts'
import { startTestServer, type TestService } from '../harness.ts'

const CONNECTIONS = 3

let server: TestService
let proxy: Server
let sockets: Socket[]
let pool: Pool

beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.dispose())

beforeEach(async () => {
  sockets = []
  const url = new URL(`${server.databaseUrl}`)
  const { hostname: host, port } = url
  proxy = createServer((client) => {
    const upstream = connect({ host, port: Number(port) })
    sockets.push(client, upstream)
    for (const socket of [client, upstream]) socket.on('error', () => {})
    client.pipe(upstream).pipe(client)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  Object.assign(url, { hostname: '127.0.0.1', port: (proxy.address() as AddressInfo).port })
  const use = { name: 'store', statementMsMax: 100, connectionsMax: CONNECTIONS }
  pool = createPool(createReach(parsePostgresUrl(url.href)), use, () => {})
  await fill()
})
afterEach(async () => {
  await pool.close()
  for (const socket of sockets) socket.destroy()
  proxy.close()
})

/** All its connections are there and idle. */
async function fill(): Promise<void> {
  const met = Promise.withResolvers<void>()
  let lent = 0
  const meet = async () => {
    lent += 1
    if (lent === CONNECTIONS) met.resolve()
    await met.promise
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.lend(meet)))
}

function silence(): void {
  for (const socket of sockets) {
    socket.unpipe()
    socket.pause()
  }
}

const findCompany = (db: Db) => db.selectFrom('companies').select('id').limit(1).execute()

type Read = (client: PostgresClient) => Promise<unknown>
const READS: readonly (readonly [string, Read])[] = [
  ['a read', (client) => readIn(client, () => {}, findCompany)],
  ['a look at a store that is not accepted', (client) => inspectIn(client, findCompany)],
]

test.each(READS)(
  '%s over connections that went silent fails once, with what went wrong first',
  async (_what, read) => {
    let tries = 0
    const reading = () =>
      pool.lendForReading((client) => {
        tries += 1
        return read(client)
      })
    await expect(reading()).resolves.toHaveLength(1)
    silence()
    tries = 0
    await expect(reading()).rejects.toThrow('Query read timeout')
    expect(tries).toBe(1)
  },
)

test.each(READS)('%s over connections that were ended finds one that was not', async (_what, read) => {
  for (const socket of sockets) socket.destroy()
  await expect(pool.lendForReading(read)).resolves.toHaveLength(1)
})
