import type { Fingerprint } from '@latchkey/core/fingerprint'
import type { KeyId } from '@latchkey/core/ids'
import { createTagSet, type TagSet } from './tag-set.ts'

/** The tags of all imported texts, while they are known. */
export type KnownTags = {
  /**
   * Those of the given tags that may be stored. All of them, while the stored ones are not known. Ask only while memory
   * is fresh.
   */
  among(tags: readonly Fingerprint[]): readonly Fingerprint[]
  /** Call it when something may have been imported. */
  forget(): void
}

type Piece = { readonly tags: readonly Fingerprint[]; readonly next: KeyId | undefined }

type Options = {
  /** Reads the next piece of all keys, in one snapshot that begins after the call. */
  readonly list: (after: KeyId | undefined) => Promise<Piece>
  readonly monotonicMs: () => number
  /** Gives other work its turn. */
  readonly nextTurn: () => Promise<unknown>
  readonly tagsMax?: number
}

/**
 * 32 bytes each at most: 64 MB at worst. When there are more, each text that looks imported is looked up in the store.
 */
const TAGS_MAX = 2_000_000

/**
 * An import comes in many steps, and what is read in between has to be read again: so the reading waits for this much
 * quiet.
 */
const QUIET_MS = 5_000

/** Reading goes through all keys. It may take a tenth of the time at most. */
const PAUSE_FACTOR = 9

/**
 * Keeps all tags of imported texts in memory, so that a made-up text costs no look-up. They are read when a text first
 * looks imported. An import writes its keys and a row of the log in one transaction (`importKeys`): memory that is
 * fresh has then forgotten the old tags, and every text is looked up until all tags are read again. So an old set never
 * refuses a new key. What is read during an import does not count.
 */
export function createKnownTags({ list, monotonicMs, nextTurn, tagsMax = TAGS_MAX }: Options): KnownTags {
  let known: TagSet | undefined
  /** Counts the calls of `forget`. */
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
      // This is final: no key is ever taken out of the store.
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
      // The look-ups go on without it, and report themselves that the store does not answer.
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
      // Only after the first reading: a server that has just started forgets, too, and shall read at once.
      if (hasBegun) waitUntilMs = Math.max(waitUntilMs, monotonicMs() + QUIET_MS)
    },
  }
}
