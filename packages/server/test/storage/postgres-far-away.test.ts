/** A database that is far away: to connect to it takes as long as many questions do. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { FollowedChanges } from '../../src/storage/engine.ts'
import { createPostgresFollowed } from '../../src/storage/postgres/followed.ts'
import { createPool } from '../../src/storage/postgres/pool.ts'
import { createReach } from '../../src/storage/postgres/reach.ts'
import { parsePostgresUrl } from '../../src/storage/postgres/url.ts'
import { createRevocations } from '../../src/verification/freshness/revocations.ts'
import { startTestServer, type TestService } from '../harness.ts'

/** Until a connection is heard of: longer than a poll is waited for. */
const AWAY_MS = 1_000
const STATEMENT_MS_MAX = 1_000

let server: TestService
let proxy: Server
let sockets: Socket[]
let begun: number
/** How the first that is sent on a connection gets to the database. */
let carryFirst: (send: () => void) => void
/** Whether the database is silent. */
let isSilent: boolean
let followed: FollowedChanges & { close(): Promise<void> }
let endPool: () => Promise<void>

beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.dispose())

beforeEach(async () => {
  sockets = []
  begun = 0
  isSilent = false
  carryFirst = (send) => send()
  const url = new URL(`${server.databaseUrl}`)
  const { hostname: host, port } = url
  proxy = createServer((client) => {
    begun += 1
    const upstream = connect({ host, port: Number(port) })
    sockets.push(client, upstream)
    for (const socket of [client, upstream]) socket.on('error', () => {})
    client.once('data', (first: Buffer) =>
      carryFirst(() => {
        upstream.write(first)
        client.pipe(upstream)
      }),
    )
    upstream.on('data', (bytes: Buffer) => isSilent || client.write(bytes))
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  Object.assign(url, { hostname: '127.0.0.1', port: (proxy.address() as AddressInfo).port })
  const reach = createReach(parsePostgresUrl(url.href))
  const use = { name: 'look-up', statementMsMax: STATEMENT_MS_MAX, connectionsMax: 1 }
  const pool = createPool(reach, use, () => {})
  endPool = pool.close
  followed = createPostgresFollowed(reach, pool, () => {})
})
afterEach(async () => {
  await followed.close()
  for (const socket of sockets) socket.destroy()
  await endPool()
  proxy.close()
})

const aRow = (beat: string) => ({ id: `far-${beat}`, epoch: '', applied: -1, beat })

test('is followed, though to connect to it takes longer than a poll may', async () => {
  carryFirst = (send) => void setTimeout(send, AWAY_MS)
  let beats = 0
  const revocations = createRevocations(
    { changes: followed },
    {
      memory: { drop() {}, clear() {} },
      newId() {
        beats += 1
        return `far ${beats}`
      },
      onPoll: () => {},
      onRowKept: () => {},
    },
  )
  await revocations.start({ isAlone: true })
  await vi.waitFor(() => expect(revocations.isFresh()).toBe(true), 20_000)
  carryFirst = (send) => send()
  await revocations.stop()
})

test('what was given up while a connection was made is not asked, and the next to ask has that connection', async () => {
  const held: (() => void)[] = []
  carryFirst = (send) => void held.push(send)
  const givenUp = followed.announce(aRow('first'))
  givenUp.catch(() => {})
  await vi.waitFor(() => expect(held).not.toEqual([]))
  followed.reset()
  const next = followed.announce(aRow('next'))
  carryFirst = (send) => send()
  for (const send of held) send()
  await next
  await expect(givenUp).rejects.toThrow('the question was given up')
  expect(begun).toBe(1)
  const ids = (await followed.observe(0)).servers.map(({ id }) => id)
  expect(ids).toContain('far-next')
  expect(ids).not.toContain('far-first')
  await followed.withdraw('far-next')
})

test('a connection that is there is given up with the question on it', async () => {
  await followed.observe(0)
  isSilent = true
  const silent = followed.observe(0)
  silent.catch(() => {})
  followed.reset()
  isSilent = false
  await followed.observe(0)
  await expect(silent).rejects.toThrow()
  expect(begun).toBe(2)
})
