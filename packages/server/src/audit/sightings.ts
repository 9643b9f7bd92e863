import type { CompanyId } from '@latchkey/core/ids'
import { type Checkpoint, type Sighting, shortHead } from './checkpoint.ts'

/** About 150 bytes each: 300 MB at worst. A log of years is looked at in parts. */
const SIGHTINGS_MAX = 2_000_000

/** What checkpoints saw, of every chain and of the list of companies. */
export type Sightings = {
  add(checkpoint: Checkpoint): void
  readonly checkpoints: () => number
  readonly list: () => Sighted
  readonly chain: (companyId: CompanyId) => Sighted
  readonly companyIds: () => Iterable<CompanyId>
}

/** Holds one chain, read from its start, against what was seen of it. */
export type Sighted = {
  /** Why the chain up to `count` is not what was seen; undefined: it is, or nobody looked. Asked in rising order. */
  differs(count: number, head: Uint8Array): string | undefined
  /** Why a chain that ends at `count` is not what was seen. */
  ends(count: number): string | undefined
}

export function createSightings(sightingsMax = SIGHTINGS_MAX): Sightings {
  const list: Sighting[] = []
  const chains = new Map<CompanyId, Sighting[]>()
  let [checkpoints, kept] = [0, 0]

  const note = (sightings: Sighting[], sighting: Sighting) => {
    const last = sightings.at(-1)
    // A quiet chain is seen again and again.
    if (last?.count === sighting.count && last.head === sighting.head) return
    kept += 1
    if (kept > sightingsMax)
      throw new Error('more checkpoints than can be looked at in one go: look at a part of them')
    sightings.push(sighting)
  }

  return {
    add({ at, list: seen, chains: seenChains }) {
      checkpoints += 1
      note(list, { ...seen, at })
      for (const { companyId, count, head } of seenChains) {
        const sightings = chains.get(companyId) ?? []
        note(sightings, { count, head, at })
        chains.set(companyId, sightings)
      }
    },
    checkpoints: () => checkpoints,
    list: () => sighted(list),
    chain: (companyId) => sighted(chains.get(companyId) ?? []),
    companyIds: () => chains.keys(),
  }
}

function sighted(sightings: readonly Sighting[]): Sighted {
  const rising = sightings.toSorted((one, other) => one.count - other.count)
  let next = 0
  return {
    differs(count, head) {
      const short = shortHead(head)
      let reason: string | undefined
      for (; next < rising.length && rising[next]!.count <= count; next += 1) {
        const seen = rising[next]!
        if (seen.count !== count || seen.head === short) continue
        reason ??= `the checkpoint of ${seen.at} saw something else there`
      }
      return reason
    },
    ends(count) {
      const last = rising.at(-1)
      if (last === undefined || last.count <= count) return undefined
      return `it ends at ${count}, and the checkpoint of ${last.at} saw ${last.count}`
    },
  }
}
