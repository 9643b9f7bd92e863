import type { Seen } from './seen.ts'

/** A request of Node, or of whatever looks like one. */
export interface NodeRequest {
  rawHeaders: readonly string[]
  socket: { remoteAddress?: string | undefined }
}

/** By the raw headers: of one that came twice Node drops or joins the others. */
export function seenOfNode({ rawHeaders, socket }: NodeRequest): Seen {
  return {
    peer: socket.remoteAddress,
    values(name) {
      const values: string[] = []
      for (let index = 0; index < rawHeaders.length; index += 2) {
        if (rawHeaders[index]?.toLowerCase() === name) values.push(rawHeaders[index + 1] ?? '')
      }
      return values
    },
  }
}
