import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { createHand } from '@latchkey/core/hand'

/**
 * The connections of a server, at most so many: for one more the oldest goes that is idle. Silent ones, however many,
 * keep nobody out.
 */
export type Connections = Iterable<Socket> & {
  /** Takes in a new one, and lets go of another where there are too many. */
  add(socket: Socket): void
  /** A request that is answered later. Until then its connection stays, once all of the request is there. */
  begin(request: IncomingMessage): void
  end(request: IncomingMessage): void
}

/** Connections that are looked at for one more, some tens of microseconds: all of them may be worked for. */
const LOOKS_MAX = 256

/** What a connection had sent when it was last looked at. */
type Seen = { bytesRead: number }

export function createConnections(connectionsMax: number): Connections {
  /** In the order in which they are looked at: as they came, but for those that were seen to be in use. */
  const seen = new Map<Socket, Seen>()
  const hand = createHand({ map: seen, iterate: () => seen.entries() })
  const working = new Map<Socket, IncomingMessage>()

  const isWorking = (socket: Socket): boolean => working.get(socket)?.complete === true

  function see(socket: Socket, bytesRead: number): void {
    seen.delete(socket)
    seen.set(socket, { bytesRead })
    hand.noteSet()
  }

  /** Each one gets a second chance if it has sent something since: no request then pays for being noted. */
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
    begin: (request) => void working.set(request.socket, request),
    end(request) {
      if (working.get(request.socket) === request) working.delete(request.socket)
    },
    [Symbol.iterator]: () => seen.keys(),
  }
}
