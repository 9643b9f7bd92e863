import { FINGERPRINT_LENGTH, type Fingerprint } from './fingerprint.ts'
import type { VerifiableKey } from './key.ts'
import type { Secret } from './secret.ts'

/** How a key is presented. At most two of a key live at a time. */
export type KeySecret = {
  /** What it is found by. */
  readonly tag: Fingerprint
  /** They are counted from 1: a token names the one it was made with. */
  readonly ordinal: number
  /** Milliseconds since the epoch; null: it is the current one, and ends with its key. */
  readonly endsAtMs: number | null
  /** It was ended, whatever the clock of this server says. */
  readonly isOver?: true | undefined
  /** The tag of the secret it replaced, as long as it was not used itself; null: none. */
  readonly replaces: Fingerprint | null
}

/** A key as its source knows it: what is judged, and the secrets it is found by. A session and a user have none. */
export type LoadedKey = { readonly secrets: readonly KeySecret[]; readonly key: VerifiableKey }

/** How a key is asked for: by its secret's tag, or by the id a token carries. */
export type KeyHandle = Fingerprint | VerifiableKey['id']

/** What a source of keys is asked. A source that cannot know our tags is given the secret to ask with. */
export type LoadRequest = { readonly handle: KeyHandle; readonly secret?: Secret }

/** Ids have 30 characters. */
export const isTag = (handle: KeyHandle): handle is Fingerprint => handle.length === FINGERPRINT_LENGTH

/**
 * The secret that a use comes with: the one it was found by, or made with (`ordinal`). undefined: none, as with a
 * session.
 */
export function secretOf(
  { secrets }: LoadedKey,
  handle: KeyHandle,
  ordinal: number | null,
): KeySecret | undefined {
  if (isTag(handle)) {
    for (const secret of secrets) if (secret.tag === handle) return secret
    return undefined
  }
  if (ordinal === null || secrets.length === 0) return undefined
  return secrets.find((secret) => secret.ordinal === ordinal) ?? { ...GONE, ordinal }
}

/** It ended so long ago that the source does not name it any more. */
const GONE = { tag: '' as Fingerprint, endsAtMs: 0, replaces: null }
