import type { Fingerprint } from '@latchkey/core/fingerprint'
import type { KeyId } from '@latchkey/core/ids'
import { createTagSet, type TagSet } from './tag-set.ts'

/** Which tags are those of imported texts, as far as that is known. */
export type KnownTags = {
  /** Those that may be stored: all of them while not every stored one is known. Ask only while memory is fresh. */
  among(tags: readonly Fingerprint[]): readonly Fingerprint[]
  /** Something may have been imported. */
  forget(): void
}

type Piece = { readonly tags: readonly Fingerprint[]; readonly next: KeyId | undefined }

type Options = {
  /** Reads the next piece of all keys, in one snapshot that begins after the call. */
  readonly list: (after: KeyId | undefined) => Promise<Piece>
  readonly monotonicMs: () => number
  /** Waits for whatever else wants to be done. */
  readonly nextTurn: () => Promise<unknown>
  readonly tagsMax?: number
}

/** Of 32 bytes at most: 64 MB at worst. With more of them each text that looks like one is looked for in the store. */
const TAGS_MAX = 2_000_000

/** An import goes on step by step: what would be read meanwhile would have to be read again. */
const QUIET_MS = 5_000

/** All keys have to be read for it, which is to take no more than a tenth of the time. */
const PAUSE_FACTOR = 9

/**
 * Keeps all tags of imported texts in memory, so that what was made up costs no look-up. They are read when a text first
 * looks like an imported one. What an import brings in is in the log with it (`importKeys`): memory that is fresh has
 * forgotten by then what it knew, and all texts are looked for until all tags are read again. So no key is ever refused
 * for what was read before it came. What is read while something is imported does not count.
 */
export function createKnownTags({ list, monotonicMs, nextTurn, tagsMax = TAGS_MAX }: Options): KnownTags {
  let known: TagSet | undefined
  /** Counts what was forgotten. */
  let round = 0
  let isReading = false
  let hasBegun = false
  let isTooMany = false
  let waitUntilMs = Number.NEGATIVE_INFINITY

  /** undefined: something was imported meanwhile, or there are too many. Throws when the store does not answer. */
  async function readAll(): Promise<TagSet | undefined> {
    const begun = round
    const set = createTagSet()
    let after: KeyId | undefined
    do {
      const piece: Piece = await list(after)
      if (round !== begun) return undefined
      for (const tag of piece.tags) set.add(tag)
      // For good: no key is ever taken out of the store.
      isTooMany = set.size > tagsMax
      if (isTooMany) return undefined
      after = piece.next
      await nextTurn()
    } while (after !== undefined)
    return round === begun ? set : undefined
  }

  async function read(): Promise<void> {
    isReading = true
    hasBegun = true
    const beganAtMs = monotonicMs()
    try {
      known = await readAll()
    } catch {
      // The look-ups go on, and say themselves that the store is silent.
    }
    isReading = false
    const nowMs = monotonicMs()
    waitUntilMs = Math.max(waitUntilMs, nowMs + QUIET_MS, nowMs + PAUSE_FACTOR * (nowMs - beganAtMs))
  }

  return {
    among(tags) {
      const set = known
      if (set !== undefined) return tags.filter((tag) => set.has(tag))
      if (!isReading && !isTooMany && monotonicMs() >= waitUntilMs) void read()
      return tags
    },
    forget() {
      round += 1
      known = undefined
      // A server that has just started forgets, too, and reads at once.
      if (hasBegun) waitUntilMs = Math.max(waitUntilMs, monotonicMs() + QUIET_MS)
    },
  }
}
