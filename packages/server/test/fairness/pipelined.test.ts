/** Connections that send very many requests ahead do not take the place of others, nor all the memory there is. */
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createPipelines } from '../../src/http/wire/pipelines.ts'
import { createTestCompany, expectCreated, type TestCompany, useTestServer } from '../harness.ts'
import { holdCompanyRow } from '../held-rows.ts'

const AHEAD_MAX = 100

let company: TestCompany
let port: number

const server = useTestServer()
beforeAll(async () => {
  company = await createTestCompany(server)
  port = (await server.app.listen({ port: 0, host: '127.0.0.1' })).port
})

type Sent = { readonly method: string; readonly path: string; readonly body?: string }

/** Sends all at once over one connection, while no change can begin; answers their statuses in order. */
async function statusesOf(requests: readonly Sent[]): Promise<number[]> {
  const held = await holdCompanyRow(server, company.id)
  const socket = connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  let received = ''
  const closed = once(socket, 'close')
  socket.setEncoding('latin1').on('data', (text) => {
    received += String(text)
  })
  const texts = requests.map(({ method, path, body = '' }, index) => {
    const close = index === requests.length - 1 ? 'Connection: close\r\n' : ''
    return (
      `${method} ${path} HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${company.users.owner.key}\r\n${close}` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    )
  })
  socket.write(texts.join(''))
  await held.untilWaiting(1)
  await held.release()
  await closed
  return [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
}

const many = (count: number, sent: Sent): Sent[] => Array.from({ length: count }, () => sent)

test.each<[string, () => Promise<Sent> | Sent, number]>([
  ['deletions', async () => ({ method: 'DELETE', path: `/keys/${await newKey()}` }), 204],
  [
    'changes',
    async () => ({ method: 'PATCH', path: `/keys/${await newKey()}`, body: '{"enabled":false}' }),
    200,
  ],
  [
    'creations',
    () => ({ method: 'POST', path: '/keys', body: `{"userId":"${company.users.owner.id}"}` }),
    201,
  ],
])('of many %s sent ahead the first hundred are done, and the rest refused', async (_what, make, status) => {
  const sent = await make()
  const statuses = await statusesOf(many(AHEAD_MAX + 20, sent))
  expect(statuses.slice(0, AHEAD_MAX)).toEqual(Array.from({ length: AHEAD_MAX }, () => status))
  expect(statuses.slice(AHEAD_MAX)).toEqual(Array.from({ length: 20 }, () => 503))
})

test('a hundred ahead are all done, and so are more when those are answered', async () => {
  const sent = { method: 'DELETE', path: `/keys/${await newKey()}` }
  for (let round = 0; round < 2; round++) {
    expect(new Set(await statusesOf(many(AHEAD_MAX, sent)))).toEqual(new Set([204]))
  }
})

const KEPT_AHEAD_MAX = 200

/** A connection on which so many requests are sent at once. */
async function sendAhead(port: number, count: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(count))
  return socket
}

test('a connection goes that sends more ahead than are kept for it', async () => {
  const socket = await sendAhead(port, KEPT_AHEAD_MAX + 2)
  await once(socket.resume(), 'close')
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200)
})

describe('of all connections together', () => {
  let slow: Server
  /** Requests that were taken in, and how many were read. */
  let taken: ServerResponse[]
  let read: number
  const sockets: Socket[] = []

  beforeEach(async () => {
    const pipelines = createPipelines(3)
    taken = []
    read = 0
    slow = createServer((request, response) => {
      read += 1
      if (pipelines.takeIn(request, response)) taken.push(response)
    })
    await once(slow.listen(0, '127.0.0.1'), 'listening')
  })
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await once(slow.close(), 'close')
  })

  async function send(count: number): Promise<Socket> {
    const socket = await sendAhead((slow.address() as AddressInfo).port, count)
    sockets.push(socket)
    return socket
  }
  async function untilTaken(count: number): Promise<void> {
    while (taken.length < count) await once(slow, 'request')
  }

  test('so many are kept, and room is made by those that are answered', async () => {
    const first = await send(4)
    await untilTaken(4)
    // One that waits for nobody takes no room.
    await send(1)
    await untilTaken(5)
    await once((await send(2)).resume(), 'close')
    for (const response of taken.splice(0)) response.end('ok')
    await once(first.resume(), 'data')
    await send(4)
    await untilTaken(4)
  })

  test('no more of a packet is read than is kept', async () => {
    await once((await send(1_000)).resume(), 'close')
    expect(read).toBe(1 + 3 + 1)
  })
})

async function newKey(): Promise<string> {
  const request = { path: '/keys', key: company.users.owner.key, body: { userId: company.users.owner.id } }
  return (await expectCreated(server, request)).id
}
