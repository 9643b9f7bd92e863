import type { Socket } from 'node:net'
import { AppError } from '@latchkey/core/error'

/**
 * Requests of one connection that wait for their answers at once. Some clients send a few ahead (RFC 9112 §9.3.2); one
 * connection with thousands of them would fill a line that others of its address or company stand in, too.
 */
const AHEAD_MAX = 100

/** Counts the requests of each connection that are not answered yet. */
export type Pipelines = {
  /** Throws AppError `unavailable` when its connection has too many already. */
  enter(socket: Socket): void
  leave(socket: Socket): void
}

export function createPipelines(): Pipelines {
  const ahead = new WeakMap<Socket, number>()
  const countOf = (socket: Socket): number => ahead.get(socket) ?? 0
  return {
    enter(socket) {
      if (countOf(socket) >= AHEAD_MAX) throw tooMany()
      ahead.set(socket, countOf(socket) + 1)
    },
    leave: (socket) => void ahead.set(socket, countOf(socket) - 1),
  }
}

function tooMany(): AppError {
  return new AppError(
    'unavailable',
    `${AHEAD_MAX} requests of this connection are not answered yet: wait for their answers before you send more.`,
    { retryAfterSeconds: 1 },
  )
}
