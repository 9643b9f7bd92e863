import type { Moment, Timing } from '@latchkey/core/timing'
import type { Lease } from '../freshness/lease.ts'
import type { Sight } from './change-feed.ts'
import { EVERYBODY } from './known-to-all.ts'
import { createVerifierCounts } from './verifier-counts.ts'

/** What tells one verifier from another: nobody speaks for one of another credential or sight. */
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
  /** In which the rest is counted. */
  readonly epoch: string
  /** While it may use a lease from here it knows everything up to this revision. */
  known: number
  /** Up to where its last answer told; undefined: it got none. */
  told: number | undefined
  /** The proof that its last lease counts from; undefined: it has none from here. */
  leaseFrom: Moment | undefined
  seenMs: number
  /** It has no place here any more: nobody waits for it, and a question of it that is still held gives it no lease. */
  hasLeft: boolean
}

/** The verifiers of a server, so many and no more. */
export type VerifierPlaces = Iterable<Place> & {
  find(name: VerifierName): Place | undefined
  /** undefined: there is no room. */
  take(name: VerifierName): Place | undefined
  /** One that is here. */
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
  // The monotonic clock alone: it may stand still, and then nobody is let go too soon.
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
