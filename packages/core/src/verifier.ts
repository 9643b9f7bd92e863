import { type Absences, createAbsences } from './absences.ts'
import { type Attempt, evaluate } from './evaluate.ts'
import type { Fingerprint } from './fingerprint.ts'
import { createFlights } from './flights.ts'
import type { VerifiableKey } from './key.ts'
import { createKeyCache, type KeyCache } from './key-cache.ts'
import { type KeyHandle, type LoadedKey, type LoadRequest, secretOf } from './loaded-key.ts'
import { type MaybePromise, whenKnown } from './maybe-promise.ts'
import { NOT_FOUND, type Outcome } from './outcome.ts'
import type { RevocationScope } from './revocation-scope.ts'
import type { Secret } from './secret.ts'

/** Of 1 KB each: 100 MB at worst. Most keys take less than half of it (V8 in bench/). */
const CACHE_PLACES_MAX = 100_000

type VerifierOptions = {
  readonly fingerprint: (secret: Secret) => Fingerprint
  /**
   * Reads a key and its secrets from the source of truth; null: there is none. Throws when the source is silent: a check
   * that cannot be made is never a yes. A store that answers at once may do so without a promise.
   */
  readonly load: (request: LoadRequest) => MaybePromise<LoadedKey | null>
  /** The one of several tags that the source knows; undefined: none of them. */
  readonly pick: (tags: readonly Fingerprint[]) => Promise<Fingerprint | undefined>
  /** Whether an answer from memory is provably up to date. Asked before every look-up, never remembered. */
  readonly isFresh: () => boolean
  readonly monotonicMs: () => number
  readonly keysMax?: number
}

/** The one verification engine: the server, the gateway endpoints and the SDK differ in `load` only. */
export type Verifier = {
  /** Judges a use of a secret. Answers at once, without a promise, when memory may answer. */
  verify(secret: Secret, attempt: Attempt): MaybePromise<Outcome>
  /** The same for a text that may be stored under one of several tags. A text that has none costs one question. */
  verifyTags(tags: readonly Fingerprint[], attempt: Attempt): MaybePromise<Outcome>
  /** The same for a credential derived from a key or session, or issued for a user: it carries the id. */
  verifyById(id: VerifiableKey['id'], attempt: Attempt): MaybePromise<Outcome>
  /** Forgets what a revocation names, and every load under way, which may have read the state before it. */
  drop(revoked: RevocationScope): void
  /** Forgets everything. */
  clear(): void
  /** Keys held in memory. */
  readonly size: number
  /** Answers from memory, and loads begun, since the start. */
  readonly hits: number
  readonly loads: number
}

export function createVerifier(options: VerifierOptions): Verifier {
  const cache = createKeyCache(options.keysMax ?? CACHE_PLACES_MAX)
  const absences = createAbsences(options.monotonicMs)
  const flights = createFlights(publish)
  let [hits, loads] = [0, 0]

  function publish(handle: KeyHandle, loaded: LoadedKey | null): void {
    if (loaded === null) absences.note(handle)
    else cache.publish(loaded)
  }

  function judgeBy(handle: KeyHandle, attempt: Attempt, secret?: Secret): MaybePromise<Outcome> {
    if (options.isFresh()) {
      const known = cache.find(handle)
      if (known !== undefined) {
        hits += 1
        return evaluate(known.key, attempt, secretOf(known, handle, attempt.secretOrdinal))
      }
      if (absences.isKnown(handle)) {
        hits += 1
        return NOT_FOUND
      }
      const flight = flights.find(handle)
      if (flight !== undefined) return flight.then((loaded) => judge(loaded, handle, attempt))
    }
    // A caller without proof of freshness takes no flight that began before it came: it begins its own.
    loads += 1
    const loading = options.load(secret === undefined ? { handle } : { handle, secret })
    if (loading instanceof Promise)
      return flights.depart(handle, loading).then((loaded) => judge(loaded, handle, attempt))
    publish(handle, loading)
    return judge(loading, handle, attempt)
  }

  return {
    verifyTags: (tags, attempt) =>
      whenPicked(pickTag(options, { cache, absences }, tags), (tag) => judgeBy(tag, attempt)),
    verify: (secret, attempt) => judgeBy(options.fingerprint(secret), attempt, secret),
    verifyById: (id, attempt) => judgeBy(id, attempt),
    drop(revoked) {
      flights.drop()
      cache.drop(revoked)
      absences.drop(revoked)
    },
    clear() {
      flights.drop()
      cache.clear()
      absences.clear()
    },
    get size() {
      return cache.size
    },
    get hits() {
      return hits
    },
    get loads() {
      return loads
    },
  }
}

type Memory = {
  readonly cache: Pick<KeyCache, 'find'>
  readonly absences: Pick<Absences, 'isKnown' | 'note'>
}

/** The tag to judge by. A text that fits several formats costs the source one question, unless memory may answer. */
function pickTag(
  { isFresh, pick }: Pick<VerifierOptions, 'isFresh' | 'pick'>,
  { cache, absences }: Memory,
  tags: readonly Fingerprint[],
): MaybePromise<Fingerprint | undefined> {
  if (tags.length < 2) return tags[0]
  let left = tags
  if (isFresh()) {
    const known = tags.find((tag) => cache.find(tag) !== undefined)
    if (known !== undefined) return known
    left = tags.filter((tag) => !absences.isKnown(tag))
  }
  if (left.length < 2) return left[0]
  return pick(left).then((found) => {
    if (found === undefined) for (const tag of left) absences.note(tag)
    return found
  })
}

const whenPicked = (
  picked: MaybePromise<Fingerprint | undefined>,
  judgeBy: (tag: Fingerprint) => MaybePromise<Outcome>,
): MaybePromise<Outcome> => whenKnown(picked, (tag) => (tag === undefined ? NOT_FOUND : judgeBy(tag)))

function judge(loaded: LoadedKey | null, handle: KeyHandle, attempt: Attempt): Outcome {
  return loaded === null
    ? NOT_FOUND
    : evaluate(loaded.key, attempt, secretOf(loaded, handle, attempt.secretOrdinal))
}
