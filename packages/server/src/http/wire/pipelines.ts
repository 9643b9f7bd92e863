import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { AppError } from '@latchkey/core/error'

/**
 * Requests of one connection that wait for their answers at once. Some clients send a few ahead (RFC 9112 §9.3.2); one
 * connection with thousands of them would fill a line that others of its address or company stand in, too.
 */
const AHEAD_MAX = 100
/**
 * The same of whatever is asked for, beyond which the connection goes. A packet holds two thousand short requests, 4 KB
 * each once they are read, and whoever takes no answers keeps all of them.
 */
const KEPT_AHEAD_MAX = 200
/** The same of all connections together: 100 MB. */
const KEPT_AHEAD_OF_ALL_MAX = 25_000

/** Counts the requests of each connection that are not answered yet. */
export type Pipelines = {
  /** Whether there is room for a request that was sent ahead of others' answers. If not, its connection goes. */
  takeIn(request: IncomingMessage, response: ServerResponse): boolean
  /** Throws AppError `unavailable` when its connection has too many already that wait for their turn. */
  enter(socket: Socket): void
  leave(socket: Socket): void
}

export function createPipelines(keptOfAllMax = KEPT_AHEAD_OF_ALL_MAX): Pipelines {
  const waiting = createCounts()
  const kept = createCounts()
  let keptOfAll = 0
  return {
    takeIn({ socket }, response) {
      // What came in one packet with the one that was too many may be read all the same.
      if (socket.destroyed) return false
      // Node gives the connection to the first, and to each other one when those before it are answered.
      if (response.socket !== null) return true
      if (kept.of(socket) >= KEPT_AHEAD_MAX || keptOfAll >= keptOfAllMax) {
        letGo(socket)
        return false
      }
      kept.add(socket, 1)
      keptOfAll += 1
      response.once('close', () => {
        kept.add(socket, -1)
        keptOfAll -= 1
      })
      return true
    },
    enter(socket) {
      if (waiting.of(socket) >= AHEAD_MAX) throw tooMany()
      waiting.add(socket, 1)
    },
    leave: (socket) => waiting.add(socket, -1),
  }
}

/**
 * Closing is for later in this turn of the event loop, and until then Node makes a request of each that came in the same
 * packet: of a thousand connections that is more than fits into memory. What Node calls for each is not documented; 2 is
 * what it answers itself where the rest is not to be read.
 */
function letGo(socket: Socket & { parser?: { onIncoming: unknown } | null }): void {
  if (socket.parser) socket.parser.onIncoming = () => 2
  socket.destroy()
}

function createCounts() {
  const counts = new WeakMap<Socket, number>()
  const of = (socket: Socket): number => counts.get(socket) ?? 0
  return { of, add: (socket: Socket, change: number) => void counts.set(socket, of(socket) + change) }
}

function tooMany(): AppError {
  return new AppError(
    'unavailable',
    `${AHEAD_MAX} requests of this connection are not answered yet: wait for their answers before you send more.`,
    { retryAfterSeconds: 1 },
  )
}
