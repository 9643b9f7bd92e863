import type { Fingerprint } from './fingerprint.ts'
import type { CompanyId, KeyId, SessionId, UserId } from './ids.ts'
import type { VerifiableKey } from './key.ts'

/** A key as the store knows it: the record to judge, and the fingerprint it is found by, if it has a secret. */
export type LoadedKey = { readonly fingerprint: Fingerprint | undefined; readonly key: VerifiableKey }

/** What a revocation names. */
export type RevocationScope =
  | { readonly scope: 'key'; readonly id: KeyId }
  | { readonly scope: 'session'; readonly id: SessionId }
  | { readonly scope: 'user'; readonly id: UserId }
  | { readonly scope: 'company'; readonly id: CompanyId }

/** How a key is asked for: by its secret's fingerprint, or by the id a token carries. */
export type KeyHandle = Fingerprint | VerifiableKey['id']

export type KeyCache = {
  find(handle: KeyHandle): LoadedKey | undefined
  publish(loaded: LoadedKey): void
  drop(revoked: RevocationScope): void
  clear(): void
  readonly size: number
}

/**
 * A bounded cache in two generations: when the young one is full it becomes the old one and the old one
 * is let go, so that eviction costs nothing per hit and a key in use is never more than one promotion
 * away. Holds at most `keysMax` keys.
 */
export function createKeyCache(keysMax: number): KeyCache {
  const youngMax = Math.max(1, Math.floor(keysMax / 2))
  // One map serves both kinds of handle: a fingerprint has 32 characters, a key id 30.
  let young = new Map<KeyHandle, LoadedKey>()
  let old = new Map<KeyHandle, LoadedKey>()

  function publish(loaded: LoadedKey): void {
    if (young.size / 2 >= youngMax) {
      old = young
      young = new Map()
    }
    if (loaded.fingerprint !== undefined) young.set(loaded.fingerprint, loaded)
    young.set(loaded.key.id, loaded)
  }

  function remove(loaded: LoadedKey): void {
    for (const generation of [young, old]) {
      if (loaded.fingerprint !== undefined) generation.delete(loaded.fingerprint)
      generation.delete(loaded.key.id)
    }
  }

  function find(handle: KeyHandle): LoadedKey | undefined {
    const recent = young.get(handle)
    if (recent !== undefined) return recent
    const loaded = old.get(handle)
    if (loaded === undefined) return undefined
    remove(loaded)
    publish(loaded)
    return loaded
  }

  function drop(revoked: RevocationScope): void {
    if (revoked.scope === 'key' || revoked.scope === 'session') {
      const loaded = young.get(revoked.id) ?? old.get(revoked.id)
      if (loaded !== undefined) remove(loaded)
      return
    }
    // A scan: a user or a company changes rarely, and an index by both would cost memory on every key.
    const owner = revoked.scope === 'user' ? 'userId' : 'companyId'
    for (const generation of [young, old]) {
      for (const loaded of generation.values()) if (loaded.key[owner] === revoked.id) remove(loaded)
    }
  }

  return {
    find,
    publish,
    drop,
    clear: () => {
      young = new Map()
      old = new Map()
    },
    get size() {
      return (young.size + old.size) / 2
    },
  }
}
