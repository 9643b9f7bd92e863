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
  /**
   * For a source that may lag behind what memory was told. The function it returns tells whether a loaded key is new
   * enough. Called when a caller joins a load under way, and again when a load ends. A key that is too old is not kept,
   * and is loaded again by whoever joined. Absent: the source never lags.
   */
  readonly expect?: () => (loaded: LoadedKey | null) => boolean
  readonly monotonicMs: () => number
  readonly keysMax?: number
}

/** The one verification engine: the server, the gateway endpoints and the SDK differ in `load` only. */
export type Verifier = {
  /** Judges a use of a secret. Answers at once, without a promise, when memory may answer. */
  verify(secret: Secret, attempt: Attempt): MaybePromise<Outcome>
  /**
   * The same for a text that may be stored under one of several tags. One that is stored under none costs one question.
   */
  verifyTags(tags: readonly Fingerprint[], attempt: Attempt): MaybePromise<Outcome>
  /** The same for a credential derived from a key or session, or issued for a user: it carries the id. */
  verifyById(id: VerifiableKey['id'], attempt: Attempt): MaybePromise<Outcome>
  /**
   * Forgets what revocations name, and every load under way, which may have read the state before them. Call it once for
   * all that are heard of together: what users and companies have is looked for among all keys.
   */
  drop(...revoked: readonly RevocationScope[]): void
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
  const loads = createLoads(options, (handle, loaded) => {
    if (loaded === null) absences.note(handle)
    else cache.publish(loaded)
  })
  let hits = 0

  function judgeBy(handle: KeyHandle, attempt: Attempt, secret?: Secret): MaybePromise<Outcome> {
    if (options.isFresh()) {
      const known = cache.find(handle, attempt.secretOrdinal)
      if (known !== undefined) {
        hits += 1
        return evaluate(known.key, attempt, known.secret)
      }
      if (absences.isKnown(handle)) {
        hits += 1
        return NOT_FOUND
      }
      const joined = loads.join(handle, attempt, secret)
      if (joined !== undefined) return joined
    }
    // Without proof of freshness a caller must not join a load that began before it came: it begins its own.
    return loads.begin(handle, attempt, secret)
  }

  return {
    verifyTags: (tags, attempt) =>
      whenPicked(pickTag(options, { cache, absences }, tags), (tag) => judgeBy(tag, attempt)),
    verify: (secret, attempt) => judgeBy(options.fingerprint(secret), attempt, secret),
    verifyById: (id, attempt) => judgeBy(id, attempt),
    drop(...revoked) {
      loads.drop()
      cache.drop(...revoked)
      absences.drop(...revoked)
    },
    clear() {
      loads.drop()
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
      return loads.count
    },
  }
}

/** Loads keys from the source. Callers who ask for one key at the same time share one load. */
function createLoads(
  { load, expect }: Pick<VerifierOptions, 'load' | 'expect'>,
  publish: (handle: KeyHandle, loaded: LoadedKey | null) => void,
) {
  const keep = (handle: KeyHandle, loaded: LoadedKey | null) => {
    if (expect?.()(loaded) !== false) publish(handle, loaded)
  }
  const flights = createFlights(keep)
  let count = 0

  function begin(handle: KeyHandle, attempt: Attempt, secret: Secret | undefined): MaybePromise<Outcome> {
    count += 1
    const loading = load(secret === undefined ? { handle } : { handle, secret })
    if (loading instanceof Promise)
      return flights.depart(handle, loading).then((loaded) => judge(loaded, handle, attempt))
    keep(handle, loading)
    return judge(loading, handle, attempt)
  }

  return {
    begin,
    /** undefined: none is under way. */
    join(handle: KeyHandle, attempt: Attempt, secret: Secret | undefined): MaybePromise<Outcome> | undefined {
      const isExpected = expect?.()
      return flights
        .find(handle)
        ?.then((loaded) =>
          isExpected?.(loaded) === false ? begin(handle, attempt, secret) : judge(loaded, handle, attempt),
        )
    },
    drop: flights.drop,
    get count() {
      return count
    },
  }
}

type Memory = {
  readonly cache: Pick<KeyCache, 'find'>
  readonly absences: Pick<Absences, 'isKnown' | 'noting'>
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
  const note = absences.noting()
  return pick(left).then((found) => {
    if (found === undefined) left.forEach(note)
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
