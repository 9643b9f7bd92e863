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
type Slot = { readonly loaded: LoadedKey; readonly places: number; isUsed: boolean }

/** What a key without much to it takes, with its handles. */
const PLACE_BYTES = 1_024

/** A key with a long list of addresses or much metadata takes the room of several. */
function placesOf({ key: { allowlist, metadata } }: LoadedKey): number {
  let bytes = allowlist === null ? 0 : allowlist.v4.byteLength + allowlist.v6.byteLength
  for (const [name, value] of Object.entries(metadata)) bytes += 2 * (name.length + value.length)
  return 1 + Math.floor(bytes / PLACE_BYTES)
}

/** The slots, each under both its handles, and the room they take. */
function createSlots() {
  // One map serves both kinds of handle: a fingerprint has 32 characters, a key id 30.
  const byHandle = new Map<KeyHandle, Slot>()
  const taken = { keys: 0, places: 0 }
  return {
    byHandle,
    taken,
    put(slot: Slot): void {
      const { fingerprint, key } = slot.loaded
      if (fingerprint !== undefined) byHandle.set(fingerprint, slot)
      byHandle.set(key.id, slot)
      taken.keys += 1
      taken.places += slot.places
    },
    remove(id: KeyHandle): void {
      const slot = byHandle.get(id)
      if (slot === undefined) return
      const { fingerprint, key } = slot.loaded
      if (fingerprint !== undefined) byHandle.delete(fingerprint)
      byHandle.delete(key.id)
      taken.keys -= 1
      taken.places -= slot.places
    },
  }
}

/**
 * A bounded cache. When it is full, the key that came first goes, unless it was used meanwhile: then it is as if it
 * had come just now (the CLOCK algorithm). So a hit costs one flag beside the look-up, a key in use stays, and
 * `placesMax` keys in turn are all kept; fewer, where one takes more than a place of 1 KB.
 */
export function createKeyCache(placesMax: number): KeyCache {
  const { byHandle, taken, put, remove } = createSlots()
  // Goes on where it was: beginning anew each time would walk over the places of all that are gone.
  let hand = byHandle.values()

  function makeRoom(): void {
    const { value: slot } = hand.next()
    if (slot === undefined) {
      hand = byHandle.values()
      return
    }
    remove(slot.loaded.key.id)
    if (!slot.isUsed) return
    slot.isUsed = false
    put(slot)
  }

  return {
    find(handle) {
      const slot = byHandle.get(handle)
      if (slot === undefined) return undefined
      slot.isUsed = true
      return slot.loaded
    },
    publish(loaded) {
      remove(loaded.key.id)
      const places = placesOf(loaded)
      while (taken.keys > 0 && taken.places + places > placesMax) makeRoom()
      put({ loaded, places, isUsed: false })
    },
    drop(revoked) {
      for (const { loaded } of slotsOf(byHandle, revoked)) remove(loaded.key.id)
    },
    clear() {
      byHandle.clear()
      hand = byHandle.values()
      taken.keys = 0
      taken.places = 0
    },
    get size() {
      return taken.keys
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
