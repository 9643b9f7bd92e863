import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const textOf = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')
const results = textOf('bench/RESULTS.md')
const page = textOf('docs/operate/capacity.md')

/** Which of the numbers behind a figure the page gives. */
const WORDS: Readonly<Record<string, string>> = {
  V1: 'latchkey',
  V2: 'latchkey',
  T2: 'token',
  T1: 'grant',
  L2: 'latchkey',
  L1: 'few',
  W2b: 'http',
  W4: 'one',
}
const rows = [...page.matchAll(/^\| ([A-Z]\d+b?) \|.*\| ([\d,]+) \|$/gm)].map(
  ([, figure = '', shown = '']) => [figure, Number(shown.replaceAll(',', ''))] as const,
)

function measured(figure: string): number {
  const line = new RegExp(`^- ${figure}: (.*)$`, 'm').exec(results)?.[1] ?? ''
  return Number(new RegExp(`\\b${WORDS[figure]} ([\\d,]+)`).exec(line)?.[1]?.replaceAll(',', ''))
}

describe('docs/operate/capacity.md', () => {
  it('gives the figures it is known to give', () => {
    expect(rows.map(([figure]) => figure)).toEqual(Object.keys(WORDS))
  })

  // Rounded down; and a run on a busier day does not make a page untrue.
  it.each(rows)('%s is about what was measured, and hardly more', (figure, shown) => {
    expect(shown).toBeLessThanOrEqual(1.25 * measured(figure))
    expect(shown).toBeGreaterThanOrEqual(measured(figure) / 2)
  })
})

describe('README.md', () => {
  const figures = [
    ...textOf('README.md').matchAll(/^\| ([A-Z]\d+[a-d]?) \|.*\| \**([\d,.]+)\** (×|s|ms) \|$/gm),
  ].map(([, figure = '', shown = '', unit]) => ({ figure, shown: Number(shown.replaceAll(',', '')), unit }))

  /** The median of a row, and whether more of it is better. */
  function medianOf(figure: string): { median: number; unit: string; isHigherBetter: boolean } {
    const row = new RegExp(`^\\| ${figure} \\|.*$`, 'm').exec(results)?.[0] ?? ''
    const [, median = '', unit = ''] = /\| \*\*([\d,.]+)\*\* (\S+) \|/.exec(row) ?? []
    return { median: Number(median.replaceAll(',', '')), unit, isHigherBetter: row.includes('| ≥ ') }
  }

  it('gives no figure but those that were measured, and none that is better', () => {
    for (const { figure, shown, unit } of figures) {
      const measured = medianOf(figure)
      expect({ figure, unit }).toEqual({ figure, unit: measured.unit })
      const [low, high] = measured.isHigherBetter ? [shown, measured.median] : [measured.median, shown]
      expect(low, `${figure} is given as better than it was measured`).toBeLessThanOrEqual(1.02 * high)
      expect(low, `${figure} is given as much worse than it was measured`).toBeGreaterThan(high / 2)
    }
  })
})
