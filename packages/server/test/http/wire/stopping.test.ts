/** A service that stops, and clients that leave: what is under way is answered, and nothing hangs. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startTestServer, type TestService } from '../../harness.ts'

let server: TestService
let port: number

beforeEach(async () => {
  server = await startTestServer()
  port = (await server.app.listen({ port: 0, host: '127.0.0.1' })).port
})
afterEach(() => server.dispose())

async function open(): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

const BODY = JSON.stringify({ key: 'no key' })
const head = () =>
  `POST /verify HTTP/1.1\r\nHost: x\r\nX-API-KEY: ${server.adminKey}\r\n` +
  `Content-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n`

/** Resolves with what came, when it ends as it should. */
async function received(socket: Socket, isWhole: (text: string) => boolean): Promise<string> {
  let text = ''
  while (!isWhole(text)) {
    const [bytes] = (await once(socket, 'data')) as [Buffer]
    text += bytes.toString()
  }
  return text
}

const hasAnswer = (text: string) => text.includes('"requestId"') && text.endsWith('}')

test('a request under way is answered, and its connection is closed after it', async () => {
  const socket = await open()
  socket.write(`${head()}${BODY.slice(0, 3)}`)
  // The head was read when another connection, opened later, has its answer.
  await (await fetch(`http://127.0.0.1:${port}/healthz`)).text()
  const closed = server.app.close()
  const answer = received(socket, hasAnswer)
  const ended = once(socket, 'end')
  socket.write(BODY.slice(3))
  expect(await answer).toMatch(/^HTTP\/1\.1 200 .*\r\nconnection: close\r\n/s)
  await Promise.all([ended, closed])
})

test('a connection without a request is let go', async () => {
  const socket = await open()
  socket.write(head() + BODY)
  expect(await received(socket, hasAnswer)).not.toContain('connection: close')
  const ended = once(socket.resume(), 'end')
  await Promise.all([server.app.close(), ended])
})

test('connections that have said nothing, half of their headers or half of their body do not hold it', async () => {
  const closed: Promise<unknown>[] = []
  for (const bytes of ['', 'GET /me HTTP/1.1\r\nHost: ', head() + BODY.slice(0, 3)]) {
    const socket = await open()
    socket.resume().write(bytes)
    closed.push(once(socket, 'close'))
  }
  await (await fetch(`http://127.0.0.1:${port}/healthz`)).text()
  await Promise.all([server.app.close(), ...closed])
})

test('nobody new is let in', async () => {
  await server.app.close()
  const socket = connect({ port, host: '127.0.0.1' })
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
  expect(error.code).toBe('ECONNREFUSED')
})

test('a client that leaves before its answer harms nobody', async () => {
  for (const piece of [head(), head() + BODY.slice(0, 3), head() + BODY]) {
    const socket = await open()
    socket.write(piece)
    socket.resetAndDestroy()
    await once(socket, 'close')
  }
  const answer = await fetch(`http://127.0.0.1:${port}/me`, { headers: { 'x-api-key': server.adminKey } })
  expect(answer.status).toBe(200)
})
