import { hash } from 'node:crypto'
import { createBoundedMap } from '@latchkey/core/bounded-map'

const TOKENS_MAX = 20_000
/** All that is remembered, about: some 17,000 tokens of the usual length, or 1,900 of the longest. */
const BYTES_MAX = 32 * 1024 * 1024
/** Of each besides what it says: its name, its place in the table, the numbers. */
const TOKEN_BYTES = 500

/** Remembers what a token was verified to be, by the hash of the whole token: no part of it may stand for it. */
export type TokenCache<Verified> = {
  find(token: string): Verified | undefined
  publish(token: string, verified: Verified): void
}

export function createTokenCache<Verified extends { readonly recheckAtMs: number }>(
  nowMs: () => number,
): TokenCache<Verified> {
  const remembered = createBoundedMap<string, { readonly value: Verified; readonly bytes: number }>(
    TOKENS_MAX,
  )
  let bytes = 0

  function forget(name: string): void {
    bytes -= remembered.get(name)?.bytes ?? 0
    remembered.delete(name)
  }

  return {
    find(token) {
      const name = nameOf(token)
      const known = remembered.get(name)
      if (known === undefined || known.value.recheckAtMs > nowMs()) return known?.value
      forget(name)
      return undefined
    },
    publish(token, value) {
      const name = nameOf(token)
      forget(name)
      // What a token says is no longer than the token; as texts of their own its permissions take twice that.
      const size = TOKEN_BYTES + 2 * token.length
      // The oldest goes: tokens live some minutes, so it is about to run out anyway.
      while (remembered.size > 0 && (remembered.size >= TOKENS_MAX || bytes + size > BYTES_MAX))
        bytes -= remembered.takeOldest()?.bytes ?? 0
      remembered.set(name, { value, bytes: size })
      bytes += size
    },
  }
}

const nameOf = (token: string): string => hash('sha256', token, 'binary')
