/** In which line a mark was first seen. */
export type LineTable = {
  /** The line in which the mark was noted before; undefined: it is noted now, or the table is full. */
  readonly note: (mark: bigint, line: number) => number | undefined
  readonly find: (mark: bigint) => number | undefined
}

/** 16 bytes an item and at most half of them full: 512 MB at worst, and 64 MB for a million rows. */
const ENTRIES_MAX = 16_777_216

/**
 * A table of numbers, because a Map of as many items takes five times the memory. What comes when it is full is not
 * looked for: the store finds that.
 */
export function createLineTable(entriesMax: number = ENTRIES_MAX): LineTable {
  let capacity = 1_024
  let marks = new BigUint64Array(capacity)
  let lines = new Float64Array(capacity)
  let used = 0

  const placeOf = (mark: bigint): number => {
    let place = Number(mark & BigInt(capacity - 1))
    while (lines[place] !== 0 && marks[place] !== mark) place = (place + 1) & (capacity - 1)
    return place
  }
  const grow = (): void => {
    const [oldMarks, oldLines] = [marks, lines]
    capacity *= 2
    marks = new BigUint64Array(capacity)
    lines = new Float64Array(capacity)
    for (let index = 0; index < oldLines.length; index++) {
      if (oldLines[index] === 0) continue
      const place = placeOf(oldMarks[index]!)
      marks[place] = oldMarks[index]!
      lines[place] = oldLines[index]!
    }
  }
  return {
    find: (mark) => lines[placeOf(mark)] || undefined,
    note: (mark, line) => {
      const place = placeOf(mark)
      if (lines[place] !== 0) return lines[place]
      if (used >= entriesMax) return undefined
      marks[place] = mark
      lines[place] = line
      used += 1
      if (used * 2 > capacity) grow()
      return undefined
    },
  }
}
