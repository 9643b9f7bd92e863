import type { Fingerprint } from '@latchkey/core/fingerprint'

/** A row of the table of secrets that were replaced or cancelled. */
export type ReplacedSecret = {
  readonly tag: Fingerprint
  readonly ordinal: number
  readonly endsAtMs: number
}

/** The secrets of a key, as its row and the table of those that were replaced have them. */
export type ModelSecrets = {
  readonly tag: Fingerprint
  readonly ordinal: number
  readonly previousTag: Fingerprint | null
  readonly replaced: readonly ReplacedSecret[]
  /** Those that somebody asked to be over at once. Not stored: it is what the rest is held against. */
  readonly over: readonly Fingerprint[]
}

type Times = { readonly nowMs: number; readonly endsAtMs: number }

/** As the statements of storage/secrets.ts. */
export function replaceSecret<Key extends ModelSecrets>(
  key: Key,
  tag: Fingerprint,
  { nowMs, endsAtMs }: Times,
): Key {
  const { replaced } = key
  return {
    ...key,
    tag,
    ordinal: Math.max(key.ordinal, ...replaced.map(({ ordinal }) => ordinal)) + 1,
    previousTag: endsAtMs > nowMs ? key.tag : null,
    replaced: [...replaced, { tag: key.tag, ordinal: key.ordinal, endsAtMs }],
  }
}

export function restoreSecret<Key extends ModelSecrets>(key: Key, nowMs: number): Key {
  const previous = previousOf(key)
  if (previous === undefined) throw new Error('nothing to restore')
  return {
    ...key,
    tag: previous.tag,
    ordinal: previous.ordinal,
    previousTag: null,
    replaced: [
      ...key.replaced.filter((one) => one !== previous),
      { tag: key.tag, ordinal: key.ordinal, endsAtMs: nowMs },
    ],
  }
}

export const endPrevious = <Key extends ModelSecrets>(key: Key, nowMs: number): Key => ({
  ...movePreviousEnd(key, nowMs),
  previousTag: null,
})

export const movePreviousEnd = <Key extends ModelSecrets>(key: Key, endsAtMs: number): Key => ({
  ...key,
  replaced: key.replaced.map((one) => (one.tag === key.previousTag ? { ...one, endsAtMs } : one)),
})

export function capPreviousEnd<Key extends ModelSecrets>(key: Key, endsAtMs: number): Key {
  const previous = previousOf(key)
  return previous !== undefined && previous.endsAtMs > endsAtMs ? movePreviousEnd(key, endsAtMs) : key
}

export const previousOf = ({ previousTag, replaced }: ModelSecrets): ReplacedSecret | undefined =>
  replaced.find(({ tag }) => tag === previousTag)

export const tagsOf = ({ tag, replaced }: ModelSecrets): readonly Fingerprint[] => [
  tag,
  ...replaced.map((one) => one.tag),
]

export const ordinalOf = (key: ModelSecrets, tag: Fingerprint): number | undefined =>
  key.tag === tag ? key.ordinal : key.replaced.find((one) => one.tag === tag)?.ordinal

/** Until when a server's clock lets it live; one that is over does not, whatever a clock says. */
export function lifeOf(key: ModelSecrets, tag: Fingerprint): number {
  if (key.over.includes(tag)) return Number.NEGATIVE_INFINITY
  if (tag === key.tag) return Number.POSITIVE_INFINITY
  const previous = previousOf(key)
  return previous?.tag === tag ? previous.endsAtMs : Number.NEGATIVE_INFINITY
}
