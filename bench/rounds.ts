import { type Extent, median } from './figure.ts'

/** What one target measures in one round: a rate, a time, a size. */
export type Target = () => number | Promise<number>

/**
 * Measures all targets in every round, each round in the opposite order of the last: what the machine does
 * meanwhile then falls on all of them alike, and only ratios within one round are worth anything.
 */
export async function alternate<Name extends string>(
  extent: Extent,
  targets: Readonly<Record<Name, Target>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(targets) as Name[]
  const measured = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>
  for (let round = 0; round < extent.rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      extent.progress(`round ${round + 1} of ${extent.rounds}, ${name}`)
      measured[name].push(await targets[name]())
    }
  }
  return measured
}

/** Round by round. */
export function ratios(above: readonly number[], below: readonly number[]): number[] {
  return above.map((value, round) => value / below[round]!)
}

/** "a 12,345, b 17,000 <unit>": the medians behind a ratio. */
export function rates(measured: Readonly<Record<string, readonly number[]>>, unit: string): string {
  const parts = Object.entries(measured).map(([name, values]) => `${name} ${shown(median(values))}`)
  return `${parts.join(', ')} ${unit}`
}

function shown(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}
