import { type Fingerprint, fingerprintNumber } from './fingerprint.ts'
import { createHand } from './hand.ts'
import type { VerifiableKey } from './key.ts'
import { isTag, type KeyHandle, type KeySecret, type LoadedKey, secretOf } from './loaded-key.ts'
import { bytesOfAuthority, type CompiledAuthority } from './permission.ts'
import type { RevocationScope } from './revocation-scope.ts'

/** A key, and the secret it was found by, or that `ordinal` names. */
type Found = { readonly key: VerifiableKey; readonly secret: KeySecret | undefined }

export type KeyCache = {
  find(handle: KeyHandle, ordinal?: number | null): Found | undefined
  publish(loaded: LoadedKey): void
  drop(...revoked: readonly RevocationScope[]): void
  clear(): void
  readonly size: number
}

/** Whether it was asked for since it was last considered for eviction. */
type Usable = { isUsed: boolean }

/**
 * A secret in memory. A hit reads and writes only this and the key: each further object would be one more read of cold
 * memory.
 */
type HeldSecret = KeySecret & Usable & { readonly key: VerifiableKey }

/** A key in memory, and the room it takes. */
type Slot = Usable & {
  readonly secrets: readonly HeldSecret[]
  readonly key: VerifiableKey
  readonly places: number
}

/** What an ordinary key takes, with its handles. */
const PLACE_BYTES = 1_024

/** An authority that keys in memory share: it takes its room once. */
type Shared = { keys: number; readonly places: number }

/** A key with a long list of addresses or much metadata takes the room of several. */
function placesOf({ allowlist, metadata }: VerifiableKey): number {
  let bytes = allowlist === null ? 0 : 8 * (allowlist.v4.length + allowlist.v6.length)
  for (const [name, value] of Object.entries(metadata)) bytes += 2 * (name.length + value.length)
  return 1 + Math.floor(bytes / PLACE_BYTES)
}

/** Rounded to the nearest place: a small authority fits into what a key leaves of its own. */
const placesOfAuthority = (authority: CompiledAuthority): number =>
  Math.round(bytesOfAuthority(authority) / PLACE_BYTES)

/** The authorities of the keys in memory, and the places that each of them takes once. */
function createAuthorities() {
  const authorities = new Map<CompiledAuthority, Shared>()
  return {
    /** What a key would take besides its own places, were it put here. */
    placesBeside: ({ authority }: VerifiableKey) =>
      authorities.has(authority) ? 0 : placesOfAuthority(authority),
    /** Notes that a key uses its authority. Returns how many places that takes. */
    take({ authority }: VerifiableKey): number {
      const shared = authorities.get(authority)
      if (shared !== undefined) {
        shared.keys += 1
        return 0
      }
      const places = placesOfAuthority(authority)
      authorities.set(authority, { keys: 1, places })
      return places
    },
    /** Notes that a key does not use it any more. Returns how many places that frees. */
    release({ authority }: VerifiableKey): number {
      // Each key with a slot has taken its authority.
      const shared = authorities.get(authority)!
      shared.keys -= 1
      if (shared.keys > 0) return 0
      authorities.delete(authority)
      return shared.places
    },
    clear: () => authorities.clear(),
  }
}

/** The slots, each under all its handles, and the room they take. */
function createSlots() {
  /** In the order in which room is made: what the hand has passed is gone or was moved behind it. */
  const byId = new Map<VerifiableKey['id'], Slot>()
  const hand = createHand({ map: byId, iterate: () => byId.values() })
  /**
   * By a number made of the tag. A text as the key of the map would have to be hashed in each verification, and
   * compared with texts that have to be fetched from memory. Of two tags with one number the later stays; among 100,000
   * keys there is one such pair.
   */
  const byNumber = new Map<number, HeldSecret>()
  const taken = { places: 0 }
  const authorities = createAuthorities()

  function remove(slot: Slot | undefined): void {
    if (slot === undefined) return
    taken.places -= authorities.release(slot.key)
    for (const { tag } of slot.secrets) byNumber.delete(fingerprintNumber(tag))
    byId.delete(slot.key.id)
    taken.places -= slot.places
  }

  return {
    byId,
    taken,
    findSecret(tag: Fingerprint): HeldSecret | undefined {
      const held = byNumber.get(fingerprintNumber(tag))
      return held?.tag === tag ? held : undefined
    },
    put(slot: Slot): void {
      for (const secret of slot.secrets) {
        const number = fingerprintNumber(secret.tag)
        const other = byNumber.get(number)
        if (other !== undefined) remove(byId.get(other.key.id))
        byNumber.set(number, secret)
      }
      byId.set(slot.key.id, slot)
      hand.noteSet()
      taken.places += slot.places
      taken.places += authorities.take(slot.key)
    },
    remove,
    placesBeside: authorities.placesBeside,
    /** As if it had come just now. */
    moveLast(slot: Slot): void {
      byId.delete(slot.key.id)
      byId.set(slot.key.id, slot)
      hand.noteSet()
    },
    /** The next one to consider for eviction. There has to be one. */
    next: hand.next,
    clear(): void {
      byId.clear()
      hand.begin()
      byNumber.clear()
      authorities.clear()
      taken.places = 0
    },
  }
}

/**
 * A bounded cache. When it is full, the key that came first goes, unless it was used meanwhile: then it is as if it
 * had come just now (the CLOCK algorithm). So a hit costs one flag beside the look-up, a key in use stays, and
 * `placesMax` keys in turn are all kept; fewer, where one takes more than a place of 1 KB.
 */
export function createKeyCache(placesMax: number): KeyCache {
  const slots = createSlots()
  const { byId, taken, remove } = slots

  function makeRoom(): void {
    const slot = slots.next()
    if (!isUsed(slot)) {
      remove(slot)
      return
    }
    for (const usable of [slot, ...slot.secrets]) usable.isUsed = false
    slots.moveLast(slot)
  }

  return {
    find(handle, ordinal = null) {
      if (isTag(handle)) {
        const secret = slots.findSecret(handle)
        if (secret === undefined) return undefined
        secret.isUsed = true
        return { key: secret.key, secret }
      }
      const slot = byId.get(handle)
      if (slot === undefined) return undefined
      slot.isUsed = true
      return { key: slot.key, secret: secretOf(slot, handle, ordinal) }
    },
    publish({ secrets, key }) {
      remove(byId.get(key.id))
      const places = placesOf(key)
      while (byId.size > 0 && taken.places + places + slots.placesBeside(key) > placesMax) makeRoom()
      slots.put({ secrets: secrets.map((secret) => hold(secret, key)), key, places, isUsed: false })
    },
    drop(...revoked) {
      const owners = new Set<string>()
      for (const each of revoked) {
        if (each.scope === 'user' || each.scope === 'company') owners.add(each.id)
        else remove(byId.get(each.id))
      }
      if (owners.size === 0) return
      // A scan, one for all that are named together: an index by both would cost memory on every key.
      for (const slot of byId.values()) {
        if (owners.has(slot.key.userId) || owners.has(slot.key.companyId)) remove(slot)
      }
    },
    clear: slots.clear,
    get size() {
      return byId.size
    },
  }
}

/** Each field by name: what is added to a spread copy is stored beside the object, not in it. */
const hold = ({ tag, ordinal, endsAtMs, isOver, replaces }: KeySecret, key: VerifiableKey): HeldSecret => ({
  tag,
  ordinal,
  endsAtMs,
  isOver,
  replaces,
  key,
  isUsed: false,
})

/** By its id, or by one of its secrets. */
const isUsed = (slot: Slot): boolean => slot.isUsed || slot.secrets.some((secret) => secret.isUsed)
