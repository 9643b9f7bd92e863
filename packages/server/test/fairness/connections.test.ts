/** Connections that say nothing keep nobody out: for one more the oldest idle one goes. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, Socket } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Connections, createConnections } from '../../src/http/wire/connections.ts'

const MAX = 4

let server: Server
let connections: Connections
/** Requests that are being worked on. */
let working: { readonly request: IncomingMessage; readonly response: ServerResponse }[]
let sockets: Socket[]

beforeEach(async () => {
  connections = createConnections(MAX)
  working = []
  sockets = []
  server = createServer((request, response) => {
    if (request.url === '/now') {
      response.end('now')
      return
    }
    connections.begin(request)
    working.push({ request, response })
    server.emit('working')
  })
  server.on('connection', (socket) => connections.add(socket))
  await once(server.listen(0, '127.0.0.1'), 'listening')
})
afterEach(() => {
  for (const socket of sockets) socket.destroy()
  server.closeAllConnections()
  server.close()
})

async function open(): Promise<Socket> {
  const accepted = once(server, 'connection')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => {})
  sockets.push(socket)
  await accepted
  return socket
}

const isClosed = (socket: Socket) => once(socket.resume(), 'close')
const ask = async (socket: Socket) => {
  socket.write('GET /now HTTP/1.1\r\nHost: a\r\n\r\n')
  const [chunk] = await once(socket, 'data')
  expect(String(chunk)).toContain('200 OK')
}
async function askAndWait(socket: Socket, text: string): Promise<void> {
  const begun = once(server, 'working')
  socket.write(text)
  await begun
}

test('of silent ones the oldest goes, and the new one is served', async () => {
  const silent: Socket[] = []
  for (let count = 0; count < MAX; count++) silent.push(await open())
  const gone = isClosed(silent[0]!)
  const newcomer = await open()
  await gone
  await ask(newcomer)
  expect([...connections]).toHaveLength(MAX)
  expect(silent.slice(1).every(({ closed }) => !closed)).toBe(true)
})

test('one that was used meanwhile stays, though it is older', async () => {
  const [used, ...silent] = [await open(), await open(), await open(), await open()]
  await ask(used)
  const gone = isClosed(silent[0]!)
  await ask(await open())
  await gone
  await ask(used)
})

test('one whose request is worked on stays; one whose request is not all there goes', async () => {
  const [waiting, half, ...others] = [await open(), await open(), await open(), await open()]
  await askAndWait(waiting, 'GET /later HTTP/1.1\r\nHost: a\r\n\r\n')
  await askAndWait(half, 'POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345')
  for (const other of others) await ask(other)
  // All have said something since they came: they are noted as used once, then the one that says no more goes.
  const gone = isClosed(half)
  const newcomers: Socket[] = []
  while (!half.closed) {
    newcomers.push(await open())
    await Promise.race([gone, new Promise((resolve) => setImmediate(resolve))])
    for (const other of [...others, ...newcomers]) if (!other.closed) await ask(other).catch(() => {})
  }
  expect(waiting.closed).toBe(false)
  const [{ request, response }] = working as [(typeof working)[number]]
  connections.end(request)
  response.end('later')
  expect(String((await once(waiting, 'data'))[0])).toContain('later')
})

test('one with a request that is worked on stays, whatever becomes of others that it sent', async () => {
  const ahead = await open()
  await askAndWait(ahead, 'GET /first HTTP/1.1\r\nHost: a\r\n\r\n')
  await askAndWait(ahead, 'GET /second HTTP/1.1\r\nHost: a\r\n\r\n')
  await askAndWait(ahead, 'POST /third HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345')
  connections.end(working[1]!.request)
  const gone: Promise<unknown>[] = []
  for (let count = 0; count < 3 * MAX; count++) gone.push(isClosed(await open()))
  await Promise.all(gone.slice(0, MAX))
  expect(ahead.closed).toBe(false)
})

test('where all are worked for, none goes', async () => {
  for (let count = 0; count < MAX; count++) {
    await askAndWait(await open(), 'GET /later HTTP/1.1\r\nHost: a\r\n\r\n')
  }
  await ask(await open())
  expect([...connections]).toHaveLength(MAX + 1)
  expect(sockets.some(({ closed }) => closed)).toBe(false)
})

test('very many are not looked through for each one that comes', () => {
  const many = createConnections(1_000)
  const add = (times: number) =>
    Array.from({ length: times }, () => {
      const socket = new Socket()
      many.add(socket)
      return socket
    })
  add(1_000)
  const walks = vi.spyOn(Map.prototype, 'entries')
  const working = add(1_000)
  expect(
    (walks.mock.contexts as ReadonlyMap<unknown, unknown>[]).filter(({ size }) => size > 1).length,
  ).toBeLessThan(10)
  walks.mockRestore()

  let looks = 0
  for (const socket of working) {
    const request = {
      socket,
      get complete() {
        looks += 1
        return true
      },
    }
    many.begin(request as unknown as IncomingMessage)
  }
  add(1)
  expect(looks).toBeLessThanOrEqual(256)
  expect([...many]).toHaveLength(1_001)
})
