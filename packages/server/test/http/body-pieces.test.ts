/** A body that comes in very many pieces is kept as one. */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { queryObjects } from 'node:v8'
import { expect, test } from 'vitest'
import { readBytes } from '../../src/http/wire/body.ts'

const PIECES = 20_000

test('single bytes are not kept one by one, and make the body that was sent', async () => {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
  const [request] = (await once(server, 'request')) as [IncomingMessage]
  const read = readBytes(request)
  let arrived = 0
  request.on('data', (piece: Buffer) => {
    arrived += piece.length
    if (arrived === PIECES) request.emit('all-there')
  })
  const before = queryObjects(Buffer, { format: 'count' })
  socket.write('1\r\na\r\n'.repeat(PIECES / 2) + '1\r\nb\r\n'.repeat(PIECES / 2))
  await once(request, 'all-there')
  expect(queryObjects(Buffer, { format: 'count' }) - before).toBeLessThan(PIECES / 10)
  socket.end('0\r\n\r\n')
  expect((await read).toString()).toBe('a'.repeat(PIECES / 2) + 'b'.repeat(PIECES / 2))
  socket.destroy()
  server.closeAllConnections()
  await once(server.close(), 'close')
})
