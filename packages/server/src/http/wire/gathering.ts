/** Bytes that came in pieces, kept as one. */
export type Gathering = {
  readonly size: number
  add(piece: Buffer): void
  /** All of them. Nothing is added any more. */
  bytes(): Buffer
}

/**
 * Puts pieces together as they come. A piece may be a single byte, and to keep it costs 400: whoever sends a body byte by
 * byte would have us keep 26 MB of it. `bytesMax`: how many there will be at most, as far as that is known.
 */
export function createGathering(bytesMax = Number.POSITIVE_INFINITY): Gathering {
  let store: Buffer = NO_BYTES
  let size = 0
  return {
    get size() {
      return size
    },
    add(piece) {
      const needed = size + piece.length
      if (size === 0) store = piece
      else {
        if (needed > store.length) {
          const grown = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(2 * store.length, bytesMax)))
          store.copy(grown, 0, 0, size)
          store = grown
        }
        piece.copy(store, size)
      }
      size = needed
    },
    bytes: () => store.subarray(0, size),
  }
}

const NO_BYTES = Buffer.alloc(0)
