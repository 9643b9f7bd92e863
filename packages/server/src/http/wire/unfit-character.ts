/** Far more characters than any text may have that is held against a pattern: one that is longer is refused for that. */
const LOOKED_AT_MAX = 10_000

/** Says which character of a text its pattern refuses, by its number: it may be one that nobody can see. */
export function explainCharacter(text: string, pattern: string): string {
  const point = findUnfit(text, new RegExp(pattern, 'u'))?.codePointAt(0)
  if (point === undefined) return 'has a form it may not have.'
  return `holds U+${point.toString(16).toUpperCase().padStart(4, '0')}, ${kindOf(point, pattern)}: leave it out.`
}

function findUnfit(text: string, fits: RegExp): string | undefined {
  let looked = 0
  for (const character of text) {
    if (!fits.test(character)) return character
    looked += 1
    if (looked >= LOOKED_AT_MAX) return undefined
  }
  return undefined
}

/** Of a pattern that lists what a text may hold: those characters. */
const LISTED = /^\^(\[[^^].*\])[*+]\$$/

function kindOf(point: number, pattern: string): string {
  const isControl = point < 0x20 || (point >= 0x7f && point <= 0x9f)
  const listed = LISTED.exec(pattern)?.[1]
  if (listed !== undefined && !isControl) return `which is none of ${listed}`
  if (point === 0x2028 || point === 0x2029) return 'which breaks the line'
  return point > 0x9f ? 'which turns the direction of the text around it' : 'a control character'
}
