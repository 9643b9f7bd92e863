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

/** A key in memory, and whether it was asked for since room was last made here. */
type Slot = { readonly loaded: LoadedKey; isUsed: boolean }

/**
 * A bounded cache. When it is full, the key that came first goes, unless it was used meanwhile: then it is as if it
 * had come just now (the CLOCK algorithm). So a hit costs one flag beside the look-up, a key in use stays, and
 * `keysMax` keys in turn are all kept.
 */
export function createKeyCache(keysMax: number): KeyCache {
  // One map serves both kinds of handle: a fingerprint has 32 characters, a key id 30.
  const slots = new Map<KeyHandle, Slot>()
  // Goes on where it was: beginning anew each time would walk over the places of all that are gone.
  let hand = slots.values()
  let size = 0

  function put(slot: Slot): void {
    const { fingerprint, key } = slot.loaded
    if (fingerprint !== undefined) slots.set(fingerprint, slot)
    slots.set(key.id, slot)
    size += 1
  }

  function remove({ fingerprint, key }: LoadedKey): void {
    if (fingerprint !== undefined) slots.delete(fingerprint)
    if (slots.delete(key.id)) size -= 1
  }

  function makeRoom(): void {
    const { value: slot } = hand.next()
    if (slot === undefined) {
      hand = slots.values()
      return
    }
    remove(slot.loaded)
    if (!slot.isUsed) return
    slot.isUsed = false
    put(slot)
  }

  return {
    find(handle) {
      const slot = slots.get(handle)
      if (slot === undefined) return undefined
      slot.isUsed = true
      return slot.loaded
    },
    publish(loaded) {
      remove(loaded)
      while (size >= keysMax) makeRoom()
      put({ loaded, isUsed: false })
    },
    drop(revoked) {
      for (const { loaded } of slotsOf(slots, revoked)) remove(loaded)
    },
    clear() {
      slots.clear()
      hand = slots.values()
      size = 0
    },
    get size() {
      return size
    },
  }
}

/** What a revocation concerns. Slots may be removed while they are gone through. */
function slotsOf(slots: ReadonlyMap<KeyHandle, Slot>, { scope, id }: RevocationScope): Iterable<Slot> {
  if (scope === 'key' || scope === 'session') {
    const slot = slots.get(id)
    return slot === undefined ? [] : [slot]
  }
  // A scan: a user or a company changes rarely, and an index by both would cost memory on every key.
  const owner = scope === 'user' ? 'userId' : 'companyId'
  return slots.values().filter(({ loaded }) => loaded.key[owner] === id)
}
