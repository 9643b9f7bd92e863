import { FINGERPRINT_LENGTH, type Fingerprint } from './fingerprint.ts'
import type { VerifiableKey } from './key.ts'
import type { Secret } from './secret.ts'

/** How a key is presented. At most two of a key live at a time. */
export type KeySecret = {
  /** What it is found by. */
  readonly tag: Fingerprint
  /** Milliseconds since the epoch; null: it ends with its key. */
  readonly endsAtMs: number | null
}

/** A key as its source knows it: what is judged, and the secrets it is found by. A session and a user have none. */
export type LoadedKey = { readonly secrets: readonly KeySecret[]; readonly key: VerifiableKey }

/** How a key is asked for: by its secret's tag, or by the id a token carries. */
export type KeyHandle = Fingerprint | VerifiableKey['id']

/** What a source of keys is asked. A source that cannot know our tags is given the secret to ask with. */
export type LoadRequest = { readonly handle: KeyHandle; readonly secret?: Secret }

/** Ids have 30 characters. */
export const isTag = (handle: KeyHandle): handle is Fingerprint => handle.length === FINGERPRINT_LENGTH

/** The secret by which a key was found; undefined: it was found by its id. */
export function secretOf({ secrets }: LoadedKey, handle: KeyHandle): KeySecret | undefined {
  if (!isTag(handle)) return undefined
  for (const secret of secrets) if (secret.tag === handle) return secret
  return undefined
}
