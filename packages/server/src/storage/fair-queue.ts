/** Whose turn it is to be. */
export type Turn = {
  /** The company that is worked for; companies that wait take turns. */
  readonly party: string
  /** Something is to stop: it goes before what others of its kind only want. */
  readonly isUrgent?: boolean
}

/** What the service does for itself, and for callers it does not know yet. */
export const OWN_TURN: Turn = { party: 'the service' }

type Bounds = { readonly waitingMax: number; readonly waitingOfPartyMax: number }

/** What waits for one store, in a fair order: see `take`. */
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

/** What each party waits for, in the order in which they are next. */
type Ring<Item> = Map<string, Item[]>

export function createFairQueue<Item>({ waitingMax, waitingOfPartyMax }: Bounds): FairQueue<Item> {
  const urgent: Ring<Item> = new Map()
  const others: Ring<Item> = new Map()
  let size = 0
  let isUrgentNext = true
  const ringOf = ({ isUrgent = false }: Turn) => (isUrgent ? urgent : others)

  function takeFrom(ring: Ring<Item>, mayCome: (first: Item) => boolean): Item | undefined {
    for (const [party, items] of ring) {
      if (!mayCome(items[0]!)) continue
      const item = items.shift()
      ring.delete(party)
      if (items.length > 0) ring.set(party, items)
      size -= 1
      return item
    }
    return undefined
  }

  return {
    get size() {
      return size
    },
    push(turn, item) {
      const ring = ringOf(turn)
      const items = ring.get(turn.party) ?? []
      if (size >= waitingMax || items.length >= waitingOfPartyMax) return false
      items.push(item)
      ring.set(turn.party, items)
      size += 1
      return true
    },
    take(mayCome = () => true) {
      for (const isUrgent of [isUrgentNext, !isUrgentNext]) {
        const item = takeFrom(isUrgent ? urgent : others, mayCome)
        if (item === undefined) continue
        isUrgentNext = !isUrgent
        return item
      }
      return undefined
    },
    drop(turn, item) {
      const ring = ringOf(turn)
      const items = ring.get(turn.party) ?? []
      const place = items.indexOf(item)
      if (place === -1) return
      items.splice(place, 1)
      if (items.length === 0) ring.delete(turn.party)
      size -= 1
    },
  }
}
