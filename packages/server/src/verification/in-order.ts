/** Items that are sorted in one go: some tenths of a millisecond. */
const RUN_ITEMS = 500

/**
 * Items in the order of their ids, so many at a time. To sort a hundred thousand at once takes as long as thousands of
 * verifications. `pause`: after each piece, so that others have their turn.
 */
export async function* inOrder<T>(
  items: readonly T[],
  { idOf, batchMax, pause }: Order<T>,
): AsyncGenerator<T[]> {
  const runs: T[][] = []
  for (let start = 0; start < items.length; start += RUN_ITEMS) {
    runs.push(items.slice(start, start + RUN_ITEMS).sort((one, other) => (idOf(one) < idOf(other) ? -1 : 1)))
    await pause()
  }
  let batch: T[] = []
  for (const item of merged(runs, idOf)) {
    if (batch.length === batchMax) {
      yield batch
      batch = []
      await pause()
    }
    batch.push(item)
  }
  if (batch.length > 0) yield batch
}

type Order<T> = {
  readonly idOf: (item: T) => string
  readonly batchMax: number
  readonly pause: () => Promise<void>
}

/** Sorted lists as one. */
function* merged<T>(lists: readonly (readonly T[])[], idOf: (item: T) => string): Generator<T> {
  if (lists.length < 2) {
    yield* lists[0] ?? []
    return
  }
  const half = lists.length >> 1
  const [one, other] = [merged(lists.slice(0, half), idOf), merged(lists.slice(half), idOf)]
  let [left, right] = [one.next(), other.next()]
  while (left.done !== true && right.done !== true) {
    if (idOf(left.value) <= idOf(right.value)) {
      yield left.value
      left = one.next()
    } else {
      yield right.value
      right = other.next()
    }
  }
  for (; left.done !== true; left = one.next()) yield left.value
  for (; right.done !== true; right = other.next()) yield right.value
}
