import { connect } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import type { FloodOrder } from './flood.ts'
import { cycle } from './request-text.ts'

const { port, connections, requests } = workerData as FloodOrder
const next = cycle(requests)
const counts: Record<string, number> = {}
let isStopped = false

parentPort?.once('message', () => {
  isStopped = true
  parentPort?.postMessage(counts)
})
for (let index = 0; index < connections; index++) open()

/** The next request as soon as the last is answered. A connection that the server ends is opened anew. */
function open(): void {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let missing = 0
  const send = () => {
    missing = -1
    socket.write(next())
  }
  socket.once('connect', send)
  socket.on('data', (chunk) => {
    missing = missing < 0 ? missingAfter(chunk) : missing - chunk.length
    if (missing === 0 && !isStopped) send()
  })
  socket.on('error', () => {})
  socket.once('close', () => {
    if (!isStopped) setTimeout(open, 1)
  })
}

/** The bytes of an answer that are still to come. Its head is in one chunk. */
function missingAfter(chunk: Buffer): number {
  const headEnd = chunk.indexOf('\r\n\r\n') + 4
  const head = chunk.toString('latin1', 0, headEnd)
  const status = head.slice(9, 12)
  if (Object.keys(counts).length === 0) parentPort?.postMessage('begun')
  counts[status] = (counts[status] ?? 0) + 1
  return headEnd + Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0) - chunk.length
}
