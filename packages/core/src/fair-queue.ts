import { createHand } from './hand.ts'

/** For whom something is done, and whether it is urgent. */
export type Turn = {
  /** The company that is worked for; companies that wait take turns. */
  readonly party: string
  /** Something is to stop: it goes before what others of its kind only want. */
  readonly isUrgent?: boolean
}

/** What the service does for itself, and for callers it does not know yet. */
export const OWN_TURN: Turn = { party: 'the service' }

/** For urgent ones, and the same again for others: nobody can keep a revocation out by filling the queue. */
type Bounds = { readonly waitingMax: number; readonly waitingOfPartyMax: number }

/** What waits for the store, for a turn of the event loop or for a place, in a fair order: see `take`. */
export type FairQueue<Item> = {
  readonly size: number
  /** false: too many wait, or too many of this party. */
  push(turn: Turn, item: Item): boolean
  /**
   * The next one that may come. Urgent ones and others alternate while both wait, and so do the parties within each
   * kind; what one party asked for keeps its order. So nobody waits for more than one turn of each other party.
   */
  take(mayCome?: (first: Item) => boolean): Item | undefined
  /** Takes back one that gave up. */
  drop(turn: Turn, item: Item): void
}

export function createFairQueue<Item>(bounds: Bounds): FairQueue<Item> {
  const urgent = createRing<Item>(bounds)
  const others = createRing<Item>(bounds)
  let isUrgentNext = true
  const ringOf = ({ isUrgent = false }: Turn) => (isUrgent ? urgent : others)
  return {
    get size() {
      return urgent.size + others.size
    },
    push: (turn, item) => ringOf(turn).push(turn.party, item),
    take(mayCome = () => true) {
      for (const isUrgent of [isUrgentNext, !isUrgentNext]) {
        const item = (isUrgent ? urgent : others).take(mayCome)
        if (item === undefined) continue
        isUrgentNext = !isUrgent
        return item
      }
      return undefined
    },
    drop: (turn, item) => ringOf(turn).drop(turn.party, item),
  }
}

/** Those of one kind, party by party. */
type Ring<Item> = {
  readonly size: number
  push(party: string, item: Item): boolean
  take(mayCome: (first: Item) => boolean): Item | undefined
  drop(party: string, item: Item): void
}

function createRing<Item>({ waitingMax, waitingOfPartyMax }: Bounds): Ring<Item> {
  /** What each party waits for, in the order in which they are next. */
  const parties = new Map<string, Item[]>()
  const hand = createHand({ map: parties, iterate: () => parties.keys() })
  let size = 0

  function setLast(party: string, items: Item[]): void {
    parties.set(party, items)
    hand.noteSet()
  }

  /** The first whose first may come. */
  function nextParty(mayCome: (first: Item) => boolean): string | undefined {
    if (parties.size === 0) return undefined
    const first = hand.next()
    if (mayCome(parties.get(first)![0]!)) return first
    // The party keeps its place, but the hand has passed it.
    hand.begin()
    for (const [party, items] of parties) if (mayCome(items[0]!)) return party
    return undefined
  }

  return {
    get size() {
      return size
    },
    push(party, item) {
      const items = parties.get(party)
      if (size >= waitingMax || (items?.length ?? 0) >= waitingOfPartyMax) return false
      if (items === undefined) setLast(party, [item])
      else items.push(item)
      size += 1
      return true
    },
    take(mayCome) {
      const party = nextParty(mayCome)
      if (party === undefined) return undefined
      const items = parties.get(party)!
      const item = items.shift()
      parties.delete(party)
      if (items.length > 0) setLast(party, items)
      size -= 1
      return item
    },
    drop(party, item) {
      const items = parties.get(party) ?? []
      const place = items.indexOf(item)
      if (place === -1) return
      items.splice(place, 1)
      if (items.length === 0) parties.delete(party)
      size -= 1
    },
  }
}
