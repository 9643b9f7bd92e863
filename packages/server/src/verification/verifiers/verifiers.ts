import { type Moment, momentOf, type Timing } from '@latchkey/core/timing'
import type { UnknownRevisions } from '../../storage/engine.ts'
import type { LogRow } from '../../storage/tables/schema.ts'
import type { Lease, Proof } from '../freshness/lease.ts'
import type { ChangeFeed, Sight } from './change-feed.ts'
import { EVERYBODY } from './known-to-all.ts'
import { createVerifierPlaces, type Place, type VerifierName } from './verifier-places.ts'

/** What a verifier in somebody's own process asks. */
export type Question = VerifierName & {
  /** The epoch of its memory, and the revision up to which it knows what changed; null: its memory is empty. */
  readonly epoch: string | null
  readonly after: number | null
}

/** What a verifier is told. `leaseMs` counts from the proof; 0: it may not answer from memory. */
export type Told = {
  readonly epoch: string
  readonly through: number
  readonly changes: readonly LogRow[]
  /** It has to forget everything; there are no `changes` then. */
  readonly reset: boolean
  readonly heldMs: number
  readonly provenMsAgo: number
  readonly leaseMs: number
}

/** A question that was taken in and is to be answered. */
type Asked = {
  readonly question: Question
  readonly place: Place
  readonly isAcknowledged: boolean
}

/**
 * The verifiers that are connected to this server: what each of them may not know yet, and what it is told. Whoever
 * revokes waits for them. No I/O and no timers: the simulator runs it.
 */
export type Verifiers = {
  /** Takes in a question. undefined: there are too many verifiers. */
  take(question: Question): Asked | undefined
  /** Whether to answer now, and not to wait for a change. */
  isDue(asked: Asked): boolean
  /** The answer, with a lease that counts from `proof` where it may have one. */
  answer(asked: Asked, arrived: Moment, proof: Proof): Told
  /** Removes a verifier that has emptied its memory and asks no more. */
  leave(name: VerifierName): void
  /** What the verifiers here may not know yet: it goes into the row of this server. Removes those that are gone. */
  unknown(): UnknownRevisions
  /** How many may have a lease, and how many of these may not know the newest changes. */
  count(): { readonly leased: number; readonly behind: number }
  readonly size: number
}

type Options = {
  readonly timing: Timing
  readonly lease: Pick<Lease, 'epoch' | 'applied' | 'terms'>
  readonly feed: ChangeFeed
  /** Called when the row of this server names a sight of which nobody is behind any more. */
  readonly onCaughtUp: () => void
}

export function createVerifiers({ timing, lease, feed, onCaughtUp }: Options): Verifiers {
  const places = createVerifierPlaces(timing, lease)
  const behind = createBehind(feed, onCaughtUp)

  function remove(place: Place | undefined): void {
    if (place === undefined) return
    places.remove(place)
    behind.delete(place)
  }

  function placeOf(question: Question): Place | undefined {
    const known = places.find(question)
    if (known?.epoch === lease.epoch) return known
    // A new epoch begins when every lease of the old one is over: the old place can go.
    remove(known)
    return places.take(question)
  }

  return {
    take(question) {
      const place = placeOf(question)
      if (place === undefined) return undefined
      place.seenMs = timing.monotonicMs()
      const heard = heardBy(question, lease)
      place.known = Math.max(place.known, heard)
      if (!behind.isBehind(place)) behind.delete(place)
      return { question, place, isAcknowledged: place.told === undefined || heard >= place.told }
    },
    isDue: ({ question, isAcknowledged }) =>
      !isAcknowledged || changesFor(question, lease, feed)?.length !== 0,
    answer(asked, arrived, proof) {
      const { place, question } = asked
      const isLent = isLendable(asked, lease, proof)
      if (isLent) {
        // It has no other lease from here: if it uses one, it has heard this answer.
        if (!places.isLeased(place)) place.known = lease.applied
        place.leaseFrom = proof.sent
      }
      place.told = lease.applied
      const changes = isLent ? changesFor(question, lease, feed) : undefined
      return { ...toldOf(lease, changes, isLent), ...timesOf(timing, arrived, proof) }
    },
    leave: (name) => remove(places.find(name)),
    unknown() {
      for (const place of places) if (places.isGone(place)) remove(place)
      return behind.say([...places].filter(places.isLeased))
    },
    count() {
      const leased = [...places].filter(places.isLeased)
      return { leased: leased.length, behind: leased.filter(behind.isBehind).length }
    },
    get size() {
      return places.size
    },
  }
}

/**
 * The revision up to which a verifier has heard everything; -1: not known. What it applied in another epoch says
 * nothing about this one. One with an empty memory may have asked long ago.
 */
const heardBy = ({ epoch, after }: Question, lease: Pick<Lease, 'epoch'>): number =>
  epoch === lease.epoch ? (after ?? -1) : -1

/** Changes told one by one: less than a millisecond, and some 60 KB. Whoever is further behind forgets everything. */
const TOLD_MAX = 1_000

/** The changes to tell; undefined: not all of them are kept here, or they are too many. */
function changesFor(
  { epoch, after, sight }: Question,
  lease: Pick<Lease, 'epoch'>,
  feed: ChangeFeed,
): readonly LogRow[] | undefined {
  const changes = epoch === lease.epoch && after !== null ? feed.after(sight, after) : undefined
  return changes !== undefined && changes.length > TOLD_MAX ? undefined : changes
}

const toldOf = (
  { epoch = '', applied, terms }: Pick<Lease, 'epoch' | 'applied' | 'terms'>,
  changes: readonly LogRow[] | undefined,
  isLent: boolean,
) => ({
  epoch,
  through: applied,
  changes: changes ?? [],
  reset: changes === undefined,
  leaseMs: isLent ? terms.leaseMs : 0,
})

/**
 * A verifier that did not acknowledge the last answer gets no lease: one that never listens would make every revocation
 * wait.
 */
function isLendable({ place, isAcknowledged }: Asked, lease: Pick<Lease, 'epoch'>, proof: Proof): boolean {
  return isAcknowledged && proof.isLendable && !place.hasLeft && place.epoch === lease.epoch
}

/**
 * Each by the clock that makes the lease shorter: in suspend the monotonic clock stands still, and the other may be
 * set.
 */
function timesOf(timing: Timing, arrived: Moment, { sent }: Proof): Pick<Told, 'heldMs' | 'provenMsAgo'> {
  const now = momentOf(timing)
  const heldMs = Math.min(now.monotonicMs - arrived.monotonicMs, now.wallMs - arrived.wallMs)
  const provenMsAgo = Math.max(now.monotonicMs - sent.monotonicMs, now.wallMs - sent.wallMs)
  return { heldMs: Math.max(0, heldMs), provenMsAgo: Math.max(0, provenMsAgo) }
}

/** Sights that the row of a server names one by one, some 40 bytes each. Beyond it, all are waited for together. */
const NAMED_MAX = 100

/** The verifiers that were behind when the row of this server was last written, by sight. */
function createBehind({ firstAfter }: ChangeFeed, onCaughtUp: () => void) {
  const behind = new Map<Sight, Set<Place>>()
  const isBehind = ({ sight, known }: Place): boolean => firstAfter(sight, known) !== undefined
  return {
    isBehind,
    delete(place: Place): void {
      const places = behind.get(place.sight)
      if (places?.delete(place) === true && places.size === 0) onCaughtUp()
    },
    say(leased: readonly Place[]): UnknownRevisions {
      behind.clear()
      const said: Record<string, number> = {}
      for (const [sight, places] of Map.groupBy(leased, (place) => place.sight)) {
        const lowest = places.reduce((least, { known }) => Math.min(least, known), Number.POSITIVE_INFINITY)
        const first = firstAfter(sight, lowest)
        if (first === undefined) continue
        said[sight ?? EVERYBODY] = first
        behind.set(sight, new Set(places.filter(isBehind)))
      }
      const revisions = Object.values(said)
      return revisions.length > NAMED_MAX ? { [EVERYBODY]: Math.min(...revisions) } : said
    },
  }
}
