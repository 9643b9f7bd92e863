/**
 * Why a text cannot be kept as it is; undefined: it can. The one rule for bodies, queries and forms: what one store
 * takes the other takes too. To follow the name of its field.
 */
export function explainText(text: string): string | undefined {
  if (!text.isWellFormed()) return 'holds half of a surrogate pair: send well-formed Unicode.'
  if (text.includes('\u0000')) return 'holds the character U+0000, which cannot be stored: leave it out.'
  return undefined
}
