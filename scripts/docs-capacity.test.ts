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
