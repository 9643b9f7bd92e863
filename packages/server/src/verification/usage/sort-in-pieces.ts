/** Items that are looked at in one go: some hundredths of a millisecond. */
const PIECE_ITEMS = 500
/** So many characters of seven bits fit into a number exactly. */
const PLACE_CHARACTERS = 7
const CHARACTER_MAX = 0x7f

type Order<T> = {
  readonly idOf: (item: T) => string
  /** Of items with the same id. */
  readonly compare: (one: T, other: T) => number
  /** After each piece, so that others have their turn. */
  readonly pause: () => Promise<void>
}

/**
 * Sorts items by their ids, in pieces: a hundred thousand at once would take as long as thousands of verifications. To
 * compare the ids themselves would take as long as to write them, since they begin alike. So each gets a number, made
 * of the characters after the common beginning, and numbers are compared.
 */
export async function sortInPieces<T>(items: readonly T[], order: Order<T>): Promise<readonly T[]> {
  let from: List<T> = { items: [...items], places: await placesOf(items, order) }
  let to: List<T> = { items: [...items], places: new Float64Array(items.length) }
  let piece = 0
  for (let length = 1; length < items.length; length *= 2) {
    for (let start = 0; start < items.length; start += 2 * length) {
      const middle = Math.min(start + length, items.length)
      const end = Math.min(middle + length, items.length)
      const merging = { left: start, middle, right: middle, end, out: start }
      while (merging.out < end) {
        piece += merge(from, to, merging, order)
        if (piece < PIECE_ITEMS) continue
        piece = 0
        await order.pause()
      }
    }
    ;[from, to] = [to, from]
  }
  return from.items
}

/** `places`: where each item goes, as far as a number can tell. */
type List<T> = { readonly items: T[]; readonly places: Float64Array }

/** Two runs of a list, each in order, and how far they are taken. */
type Merging = { left: number; readonly middle: number; right: number; readonly end: number; out: number }

/** Makes the next piece of one run out of two. Answers how many items that were. */
function merge<T>(from: List<T>, to: List<T>, merging: Merging, order: Order<T>): number {
  const { middle, end, out: start } = merging
  const pieceEnd = Math.min(start + PIECE_ITEMS, end)
  let { left, right } = merging
  for (let out = start; out < pieceEnd; out++) {
    const taken = right === end || (left < middle && isInOrder(from, left, right, order)) ? left++ : right++
    to.items[out] = from.items[taken]!
    to.places[out] = from.places[taken]!
  }
  merging.left = left
  merging.right = right
  merging.out = pieceEnd
  return pieceEnd - start
}

function isInOrder<T>(
  { items, places }: List<T>,
  left: number,
  right: number,
  { idOf, compare }: Order<T>,
): boolean {
  if (places[left] !== places[right]) return places[left]! < places[right]!
  const oneId = idOf(items[left]!)
  const otherId = idOf(items[right]!)
  return oneId === otherId ? compare(items[left]!, items[right]!) <= 0 : oneId < otherId
}

async function placesOf<T>(items: readonly T[], { idOf, pause }: Order<T>): Promise<Float64Array> {
  const places = new Float64Array(items.length)
  if (items.length === 0) return places
  const first = idOf(items[0]!)
  let alike = first.length
  for (let index = 0; index < items.length; index++) {
    alike = lengthAlike(first, idOf(items[index]!), alike)
    if (index % PIECE_ITEMS === 0) await pause()
  }
  for (let index = 0; index < items.length; index++) {
    places[index] = placeOf(idOf(items[index]!), alike)
    if (index % PIECE_ITEMS === 0) await pause()
  }
  return places
}

/** How many characters both begin with, `max` at most. */
function lengthAlike(one: string, other: string, max: number): number {
  let length = 0
  while (length < max && one.charCodeAt(length) === other.charCodeAt(length)) length += 1
  return length
}

/**
 * A number for some characters: greater for a text that comes later, or the same. It tells nothing of what follows a
 * character that it has no number for.
 */
function placeOf(text: string, start: number): number {
  let place = 0
  let isTold = true
  for (let index = start; index < start + PLACE_CHARACTERS; index++) {
    const code = isTold && index < text.length ? Math.min(text.charCodeAt(index), CHARACTER_MAX) : 0
    if (code === CHARACTER_MAX) isTold = false
    place = place * (CHARACTER_MAX + 1) + code
  }
  return place
}
