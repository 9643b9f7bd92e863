/**
 * Bytes of large bodies and answers that are in memory, by company: a client may send and read as slowly as it likes.
 */
export type Holdings = {
  /** false: there is no room for them, and they are not counted. */
  hold(owner: string, bytes: number): boolean
  release(owner: string, bytes: number): void
}

type Limits = { readonly eachMax: number; readonly allMax: number }

export function createHoldings({ eachMax, allMax }: Limits): Holdings {
  const held = new Map<string, number>()
  let all = 0
  return {
    hold(owner, bytes) {
      const own = (held.get(owner) ?? 0) + bytes
      if (own > eachMax || all + bytes > allMax) return false
      held.set(owner, own)
      all += bytes
      return true
    },
    release(owner, bytes) {
      const own = (held.get(owner) ?? 0) - bytes
      if (own > 0) held.set(owner, own)
      else held.delete(owner)
      all -= bytes
    },
  }
}
