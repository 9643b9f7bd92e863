/** How a figure is held against its marks: `floor` decides whether the run fails, `goal` is only reported. */
type Bar = {
  readonly isBetter: 'higher' | 'lower'
  readonly floor?: number
  readonly goal?: number
}

/** One row of RESULTS.md. */
export type Row = {
  readonly id: string
  readonly what: string
  readonly median: number
  /** Smallest and largest of the rounds. */
  readonly range: readonly [number, number]
  readonly floor: number | undefined
  readonly goal: number | undefined
  readonly isBetter: Bar['isBetter']
  readonly unit: string
  /** What was measured besides the ratio, e.g. the two rates it was made of. */
  readonly note: string
}

/** How much is measured. */
export type Extent = {
  readonly rounds: number
  /** One target is measured this long in each round. */
  readonly sliceMs: number
  /**
   * The same for a service that is asked by many keys: as long as counts of use wait until they are written. A shorter slice
   * has all of that work in it, or nothing.
   */
  readonly usageSliceMs: number
  readonly isQuick: boolean
  /** Whether figures that need ten million keys are taken too: minutes, and some 10 GB of disk. */
  readonly isLarge: boolean
  progress(text: string): void
}

type RowOfRounds = Bar & {
  readonly id: string
  readonly what: string
  readonly unit?: string
  readonly rounds: readonly number[]
  readonly note?: string
}

export function rowOf({ id, what, unit = '×', rounds, note = '', floor, goal, isBetter }: RowOfRounds): Row {
  return {
    id,
    what,
    median: median(rounds),
    range: [Math.min(...rounds), Math.max(...rounds)],
    floor,
    goal,
    isBetter,
    unit,
    note,
  }
}

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('a median of nothing')
  const sorted = values.toSorted((left, right) => left - right)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Whether the median is on the right side of a mark; a mark that is not set is met. */
export function isMet({ median: value, isBetter }: Row, mark: number | undefined): boolean {
  if (mark === undefined) return true
  return isBetter === 'higher' ? value >= mark : value <= mark
}
