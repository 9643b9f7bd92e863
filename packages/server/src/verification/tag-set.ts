import { type Fingerprint, fingerprintNumber } from '@latchkey/core/fingerprint'

/** A set of tags. Of 2^71 tags that were not added, it takes one for an added one. */
export type TagSet = {
  has(tag: Fingerprint): boolean
  add(tag: Fingerprint): void
  readonly size: number
}

/**
 * One part for each value of a byte. Each grows by itself, in less than a millisecond: nobody waits until all have
 * grown.
 */
const PARTS = 256
/**
 * Two numbers for a place, and at least twice as many places as tags: 16 to 32 bytes for a tag. A Set of texts takes
 * 100.
 */
const PLACES_FIRST = 8

/** 64 bits of each tag. They are keyed hashes, so that any of their bits will do, and nobody can choose them. */
export function createTagSet(): TagSet {
  const parts = Array.from({ length: PARTS }, createPart)
  let size = 0
  const partOf = (tag: Fingerprint) => parts[tag.charCodeAt(8)]!
  return {
    has: (tag) => partOf(tag).has(lowOf(tag), highOf(tag)),
    add(tag) {
      if (partOf(tag).add(lowOf(tag), highOf(tag))) size += 1
    },
    get size() {
      return size
    },
  }
}

const lowOf = (tag: Fingerprint): number => fingerprintNumber(tag) >>> 0
/** Never 0, which marks a place that is free. */
const highOf = (tag: Fingerprint): number => fingerprintNumber(tag.slice(4) as Fingerprint) >>> 0 || 1

function createPart() {
  let places = PLACES_FIRST
  let numbers = new Uint32Array(2 * places)
  let used = 0

  /** Where the numbers are, or else belong. */
  function find(low: number, high: number): number {
    let index = low & (places - 1)
    while (numbers[2 * index + 1] !== 0 && (numbers[2 * index] !== low || numbers[2 * index + 1] !== high))
      index = (index + 1) & (places - 1)
    return 2 * index
  }

  function grow(): void {
    const old = numbers
    places *= 2
    numbers = new Uint32Array(2 * places)
    for (let at = 0; at < old.length; at += 2) {
      if (old[at + 1] !== 0) put(find(old[at]!, old[at + 1]!), old[at]!, old[at + 1]!)
    }
  }

  function put(at: number, low: number, high: number): void {
    numbers[at] = low
    numbers[at + 1] = high
  }

  return {
    has: (low: number, high: number): boolean => numbers[find(low, high) + 1] !== 0,
    /** false: they are there already. */
    add(low: number, high: number): boolean {
      const at = find(low, high)
      if (numbers[at + 1] !== 0) return false
      put(at, low, high)
      used += 1
      if (2 * used > places) grow()
      return true
    },
  }
}
