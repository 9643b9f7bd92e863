/** A body that comes in very many pieces is kept as one, while it is read and while it waits. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { queryObjects } from 'node:v8'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readBytes } from '../../../src/http/wire/body.ts'
import { gatherBody } from '../../../src/http/wire/gathered-request.ts'
import { useTestServer } from '../../harness.ts'

const PIECES = 20_000
const CHUNKS = '1\r\na\r\n'.repeat(PIECES / 2) + '1\r\nb\r\n'.repeat(PIECES / 2)
const HEAD = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'

const countBuffers = (): number => queryObjects(Buffer, { format: 'count' })

describe('a request', () => {
  let server: Server
  let socket: Socket

  beforeEach(async () => {
    server = createServer(gatherBody)
    await once(server.listen(0, '127.0.0.1'), 'listening')
    socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(HEAD)
  })
  afterEach(async () => {
    socket.destroy()
    server.closeAllConnections()
    await once(server.close(), 'close')
  })

  async function nextRequest(): Promise<IncomingMessage> {
    const [request] = (await once(server, 'request')) as [IncomingMessage]
    return request
  }
  async function untilArrived(request: IncomingMessage, bytes: number): Promise<void> {
    while (request.socket.bytesRead < bytes) await nextTurn()
  }

  test('that is read byte by byte is not kept so, and makes the body that was sent', async () => {
    const request = await nextRequest()
    const read = readBytes(request)
    const before = countBuffers()
    socket.write(CHUNKS)
    await untilArrived(request, HEAD.length + CHUNKS.length)
    expect(countBuffers() - before).toBeLessThan(PIECES / 10)
    socket.write('0\r\n\r\n')
    expect((await read).toString()).toBe('a'.repeat(PIECES / 2) + 'b'.repeat(PIECES / 2))
  })

  test.each([
    ['that waits for its turn', () => {}],
    ['whose reader has paused', (request: IncomingMessage) => void request.on('data', () => {}).pause()],
    ['of which one piece was read', (request: IncomingMessage) => void request.read()],
  ])('%s is kept as one piece', async (_what, prepare) => {
    const request = await nextRequest()
    prepare(request)
    const before = countBuffers()
    socket.write(CHUNKS)
    await untilArrived(request, HEAD.length + CHUNKS.length)
    expect(countBuffers() - before).toBeLessThan(PIECES / 10)
    socket.write('0\r\n\r\n')
    const read = readBytes(request)
    request.resume()
    expect((await read).toString()).toBe('a'.repeat(PIECES / 2) + 'b'.repeat(PIECES / 2))
  })

  test('that nobody reads takes in no more than a stream does', async () => {
    const request = await nextRequest()
    const chunks = CHUNKS.repeat(10)
    socket.write(chunks)
    let before = -1
    while (request.socket.bytesRead > before) {
      before = request.socket.bytesRead
      for (let turn = 0; turn < 20; turn++) await nextTurn()
    }
    expect(request.socket.bytesRead).toBeLessThan(chunks.length / 2)
    socket.write('0\r\n\r\n')
    expect((await buffer(request)).length).toBe(10 * PIECES)
  })

  test('makes the body that was sent however it is read', async () => {
    const request = await nextRequest()
    const sent = Array.from({ length: 3_000 }, (_, index) => String(index)).join(' ')
    const send = async () => {
      for (let at = 0, length = 1; at < sent.length; at += length, length = (length % 97) + 1) {
        const piece = sent.slice(at, at + length)
        socket.write(`${piece.length.toString(16)}\r\n${piece}\r\n`)
        if (length % 5 === 0) await nextTurn()
      }
      socket.write('0\r\n\r\n')
    }
    const sending = send()
    let received = ''
    let pieces = 0
    request.on('data', (piece: Buffer) => {
      received += String(piece)
      pieces += 1
      if (pieces % 3 !== 0) return
      request.pause()
      void nextTurn().then(() => request.resume())
    })
    await once(request, 'end')
    await sending
    expect(received).toBe(sent)
  })
})

/** As many large bodies of one company are taken in at once. */
const TAKEN_IN = 4

describe('the service', () => {
  const server = useTestServer()

  test('keeps a body that waits behind others as one piece', async () => {
    const { port } = await server.app.listen({ port: 0, host: '127.0.0.1' })
    const head =
      `POST /verify/batch HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${server.adminKey}\r\n` +
      'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n'
    const sockets: Socket[] = []
    const begin = async () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      socket.on('error', () => {})
      sockets.push(socket)
      await once(socket, 'connect')
      socket.write(head)
      // The service has seen it.
      await (await fetch(`http://127.0.0.1:${port}/healthz`)).text()
      return socket
    }
    for (let count = 0; count <= TAKEN_IN; count++) await begin()
    const before = countBuffers()
    sockets.at(-1)!.write(CHUNKS)
    for (let count = 0; count < 10; count++) await (await fetch(`http://127.0.0.1:${port}/healthz`)).text()
    expect(countBuffers() - before).toBeLessThan(PIECES / 10)
    for (const socket of sockets) socket.destroy()
  })
})
