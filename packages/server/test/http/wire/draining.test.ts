/** A service that was told to stop and still serves: balancers are sent away, and no request is lost. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
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

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\nX-API-KEY: ${server.adminKey}\r\n\r\n`

/** Waits for the whole answer to one request on a connection that stays open. */
async function answered(socket: Socket, path: string): Promise<string> {
  socket.write(get(path))
  let answer = ''
  while (!answer.endsWith('}')) {
    const [bytes] = (await once(socket, 'data')) as [Buffer]
    answer += bytes.toString()
  }
  return answer
}

describe('a service that leaves', () => {
  test('was ready before, and keeps connections', async () => {
    const socket = await open()
    expect(await answered(socket, '/readyz')).toMatch(/^HTTP\/1\.1 200 (?!.*connection: close)/is)
    expect(await answered(socket, '/me')).toMatch(/^HTTP\/1\.1 200 (?!.*connection: close)/is)
    socket.destroy()
  })

  test.each([
    ['/readyz', 503],
    ['/healthz', 200],
    ['/me', 200],
    ['/keys', 200],
    ['/nothing', 404],
  ])('answers %s with %i, on a connection that it closes after the answer', async (path, status) => {
    server.app.leave()
    const socket = await open()
    socket.write(get(path))
    const answer = await text(socket)
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*\\r\\nconnection: close\\r\\n`, 'is'))
  })

  test('says why it is not ready', async () => {
    server.app.leave()
    const { body } = await server.call({ path: '/readyz', key: null })
    expect(body).toMatchObject({
      code: 'unavailable',
      detail: 'The service is stopping: ask another server.',
    })
  })

  test('answers the next request of a connection that was idle, and closes that one too', async () => {
    const socket = await open()
    await answered(socket, '/me')
    server.app.leave()
    const ended = once(socket, 'end')
    expect(await answered(socket, '/me')).toMatch(/\r\nconnection: close\r\n/i)
    await ended
  })
})

describe('a service that closes', () => {
  test('answers on a connection that was opened before and speaks only now', async () => {
    const socket = await open()
    await (await fetch(`http://127.0.0.1:${port}/healthz`)).text()
    const closed = server.app.close()
    await expectNobodyLetIn()
    socket.write(get('/me'))
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 .*\r\nconnection: close\r\n/is)
    await closed
  })

  /** Until the listener is gone. */
  async function expectNobodyLetIn(): Promise<void> {
    for (;;) {
      const late = connect({ port, host: '127.0.0.1' })
      const isIn = await Promise.race([
        once(late, 'connect').then(() => true),
        once(late, 'error').then(() => false),
      ]).catch(() => false)
      late.destroy()
      if (!isIn) return
      // It closes in a turn in which nobody comes.
      for (let turn = 0; turn < 100; turn++) await nextTurn()
    }
  }
})

describe('a connection without a request', () => {
  test('is kept for as long as LATCHKEY_IDLE_SECONDS says, and the client is told', async () => {
    const other = await startTestServer({ LATCHKEY_IDLE_SECONDS: '620' })
    const at = await other.app.listen({ port: 0, host: '127.0.0.1' })
    const answer = await fetch(`http://127.0.0.1:${at.port}/healthz`)
    expect(answer.headers.get('keep-alive')).toBe('timeout=620')
    await other.dispose()
  })
})
