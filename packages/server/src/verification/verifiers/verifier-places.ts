import type { Moment, Timing } from '@latchkey/core/timing'
import type { Lease } from '../freshness/lease.ts'
import type { Sight } from './change-feed.ts'
import { EVERYBODY } from './known-to-all.ts'
import { createVerifierCounts } from './verifier-counts.ts'

/**
 * What identifies a verifier. Credential and sight belong to it, so that nobody can speak for a verifier of another.
 */
export type VerifierName = {
  /** Random, another one at each of its starts. */
  readonly verifier: string
  readonly credentialId: string
  /** Of the credential. */
  readonly companyId: string
  readonly sight: Sight
}

/** One verifier, as this server knows it. */
export type Place = VerifierName & {
  /** The epoch of the revisions below. */
  readonly epoch: string
  /** As long as it may use a lease from here, it knows everything up to this revision. */
  known: number
  /** The revision up to which its last answer told everything; undefined: it got none. */
  told: number | undefined
  /** When its last lease began to count; undefined: it has none from here. */
  leaseFrom: Moment | undefined
  seenMs: number
  /** It was removed: nobody waits for it, so that a question of it that is still held must not give it a lease. */
  hasLeft: boolean
}

/** The verifiers of a server, up to a limit. */
export type VerifierPlaces = Iterable<Place> & {
  find(name: VerifierName): Place | undefined
  /** undefined: there is no room. */
  take(name: VerifierName): Place | undefined
  /** `place` has to be one of these. */
  remove(place: Place): void
  /** Whether it may answer from memory under a lease from here. */
  isLeased(place: Place): boolean
  /** Whether it has no lease and has not asked for so long that it has gone. */
  isGone(place: Place): boolean
  readonly size: number
}

export function createVerifierPlaces(
  timing: Timing,
  lease: Pick<Lease, 'epoch' | 'applied' | 'terms'>,
): VerifierPlaces {
  const places = new Map<string, Place>()
  const counts = createVerifierCounts()
  // By the monotonic clock alone: it may stand still, but then verifiers are let go too late and not too soon.
  const isWithinLease = (sinceMs: number) =>
    timing.monotonicMs() - sinceMs <= lease.terms.leaseMs + lease.terms.marginMs

  function isLeased({ leaseFrom }: Place): boolean {
    return leaseFrom !== undefined && isWithinLease(leaseFrom.monotonicMs)
  }

  function remove(place: Place): void {
    place.hasLeft = true
    places.delete(textOf(place))
    counts.remove(place)
  }

  return {
    find: (name) => places.get(textOf(name)),
    take({ verifier, credentialId, companyId, sight }) {
      const name = { verifier, credentialId, companyId, sight }
      if (!counts.hasRoom(name)) return undefined
      const now = { known: lease.applied, seenMs: timing.monotonicMs() }
      const unheard = { told: undefined, leaseFrom: undefined, hasLeft: false }
      const place: Place = { ...name, epoch: lease.epoch ?? '', ...now, ...unheard }
      places.set(textOf(place), place)
      counts.add(place)
      return place
    },
    remove,
    isLeased,
    isGone: (place) => !isLeased(place) && !isWithinLease(place.seenMs),
    get size() {
      return places.size
    },
    [Symbol.iterator]: () => places.values(),
  }
}

const textOf = ({ verifier, credentialId, sight }: VerifierName): string =>
  `${sight ?? EVERYBODY} ${credentialId} ${verifier}`
