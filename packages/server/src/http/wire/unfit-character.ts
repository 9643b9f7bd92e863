/** Says which character of a text its pattern refuses, by its number: it may be one that nobody can see. */
export function explainCharacter(text: string, pattern: string): string {
  const fits = new RegExp(pattern, 'u')
  const [sign] = [...text].filter((character) => !fits.test(character))
  const point = sign?.codePointAt(0)
  if (point === undefined) return 'has a form it may not have.'
  return `holds U+${point.toString(16).toUpperCase().padStart(4, '0')}, ${kindOf(point)}: leave it out.`
}

function kindOf(point: number): string {
  if (point === 0x2028 || point === 0x2029) return 'which breaks the line'
  return point > 0x9f ? 'which turns the direction of the text around it' : 'a control character'
}
