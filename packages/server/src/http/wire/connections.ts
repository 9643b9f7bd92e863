import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { createHand } from '@latchkey/core/hand'

/**
 * The connections of a server, up to a limit. For one more, the oldest idle one is closed: silent ones, however many,
 * keep nobody out.
 */
export type Connections = Iterable<Socket> & {
  /** Adds a connection, and closes another when there are too many. */
  add(socket: Socket): void
  /** Notes a request that is answered later. Once the whole request is there, its connection stays open until `end`. */
  begin(request: IncomingMessage): void
  end(request: IncomingMessage): void
}

/** Connections that are looked at to make room for one, some tens of microseconds: all of them may be in use. */
const LOOKS_MAX = 256

/** What a connection had sent when it was last looked at. */
type Seen = { bytesRead: number }

export function createConnections(connectionsMax: number): Connections {
  /** In the order in which they are looked at: as they came, but one that is seen to be in use goes to the end. */
  const seen = new Map<Socket, Seen>()
  const hand = createHand({ map: seen, iterate: () => seen.entries() })
  /** By connection: some clients send requests ahead. */
  const working = new Map<Socket, IncomingMessage[]>()

  const isWorking = (socket: Socket): boolean =>
    working.get(socket)?.some(({ complete }) => complete) === true

  function see(socket: Socket, bytesRead: number): void {
    seen.delete(socket)
    seen.set(socket, { bytesRead })
    hand.noteSet()
  }

  /**
   * One that has sent something since it was last looked at gets a second chance. So nothing has to be noted for each
   * request.
   */
  function makeRoom(): void {
    for (let looks = 0; seen.size >= connectionsMax && looks < LOOKS_MAX; looks++) {
      const [socket, known] = hand.next()
      if (isWorking(socket) || socket.bytesRead !== known.bytesRead) see(socket, socket.bytesRead)
      else {
        seen.delete(socket)
        socket.destroy()
      }
    }
  }

  return {
    add(socket) {
      makeRoom()
      see(socket, 0)
      socket.once('close', () => {
        seen.delete(socket)
        working.delete(socket)
      })
    },
    begin(request) {
      const requests = working.get(request.socket)
      if (requests === undefined) working.set(request.socket, [request])
      else requests.push(request)
    },
    end(request) {
      const requests = working.get(request.socket)
      if (requests?.includes(request) !== true) return
      if (requests.length === 1) working.delete(request.socket)
      else requests.splice(requests.indexOf(request), 1)
    },
    [Symbol.iterator]: () => seen.keys(),
  }
}
