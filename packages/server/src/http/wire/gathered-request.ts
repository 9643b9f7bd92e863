import type { IncomingMessage } from 'node:http'
import { createGathering, type Gathering } from './gathering.ts'

/**
 * Makes a request keep the unread bytes of its body in one piece. Node would keep each chunk by itself: a packet of
 * chunks of one byte is 10,000 pieces, 4 MB, and six such packets stay while their request waits. For bodies in chunks
 * only: of others each piece is a packet. Call it before any of the body came.
 */
export function gatherBody(request: IncomingMessage): void {
  const push = request.push.bind(request)
  const read = request.read.bind(request)
  /** Behind what is in the stream already. Only ever something where that is not empty: its reader knows of that. */
  let behind: Gathering | undefined

  function handOver(): void {
    if (behind === undefined) return
    const bytes = behind.bytes()
    behind = undefined
    push(bytes)
  }

  // Node calls it with each piece as it comes, and with null at the end. Answers whether more may come.
  request.push = (piece: Buffer | null): boolean => {
    if (piece === null) {
      handOver()
      return push(null)
    }
    if (request.readableLength === 0) return push(piece)
    behind ??= createGathering()
    behind.add(piece)
    return request.readableLength + behind.size < request.readableHighWaterMark
  }
  // However it is read, piped or iterated, this is what is called; with 0 by Node itself, after each piece.
  request.read = (size?: number): unknown => {
    if (size !== 0) handOver()
    return read(size)
  }
}
