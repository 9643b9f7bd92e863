import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { AppError } from '@latchkey/core/error'

/**
 * Requests of one connection that may wait for their turns. Some clients send a few ahead (RFC 9112 §9.3.2). With
 * thousands, one connection would fill the lane in which others of its address or company wait, too.
 */
const AHEAD_MAX = 100
/**
 * Requests of one connection that are not answered yet, of any kind; beyond it the connection is closed. A packet holds
 * two thousand short requests. Each takes 4 KB once it is read, and all of them stay while the client takes no answers.
 */
const KEPT_AHEAD_MAX = 200
/** The same of all connections together: 100 MB. */
const KEPT_AHEAD_OF_ALL_MAX = 25_000

/** Counts the requests of each connection that are not answered yet. */
export type Pipelines = {
  /** Takes in a request. false: there is no room for it, and its connection is closed. */
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
      // Requests in the same packet may still be read after the connection was closed.
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
 * Stops the parser. Closing happens later in this turn of the event loop, and until then Node makes a request of
 * everything that came in the same packet: for a thousand connections that is more than fits into memory. What Node
 * calls for each request is not documented; 2 is what it answers itself when the rest is not to be read.
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
