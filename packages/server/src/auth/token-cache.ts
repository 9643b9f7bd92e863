import { hash } from 'node:crypto'

/** About 500 bytes each: 10 MB at worst. */
const TOKENS_MAX = 20_000

/** Remembers what a token was verified to be, by the hash of the whole token: no part of it may stand for it. */
export type TokenCache<Verified> = {
  find(token: string): Verified | undefined
  publish(token: string, verified: Verified): void
}

export function createTokenCache<Verified extends { readonly recheckAtMs: number }>(
  nowMs: () => number,
): TokenCache<Verified> {
  const verified = new Map<string, Verified>()
  return {
    find(token) {
      const name = nameOf(token)
      const known = verified.get(name)
      if (known === undefined || known.recheckAtMs > nowMs()) return known
      verified.delete(name)
      return undefined
    },
    publish(token, value) {
      if (verified.size >= TOKENS_MAX) {
        // Insertion order: the oldest goes. Tokens live some minutes, so it is about to run out anyway.
        const [oldest] = verified.keys()
        if (oldest !== undefined) verified.delete(oldest)
      }
      verified.set(nameOf(token), value)
    },
  }
}

const nameOf = (token: string): string => hash('sha256', token, 'binary')
