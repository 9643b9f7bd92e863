/**
 * How many guesses a text takes, in bits: estimated, and rather too few. A word counts two bits a letter (Shannon,
 * Prediction and Entropy of Printed English, 1951, has one to two), a run of neighbours half a bit a character, a text
 * that is repeated once; everything else what its kind of characters has.
 */
export function estimatedBits(text: string): number {
  const once = text.slice(0, periodOf(text))
  let bits = 0
  for (const [piece] of once.matchAll(/[A-Za-z0-9]+|[^A-Za-z0-9]/g)) bits += bitsOf(piece)
  return Math.floor(bits)
}

/** The length of what a text repeats; its own length when it repeats nothing. */
function periodOf(text: string): number {
  for (let period = 1; period <= text.length / 2; period++) {
    if (text.startsWith(text.slice(period))) return period
  }
  return text.length
}

/** What is longer is no word, and all letters of one kind by chance. */
const WORD_LENGTH_MAX = 14
const WORD = /^(?:[A-Z]?[a-z]+|[A-Z]+)$/

function bitsOf(piece: string): number {
  // What stands between: everybody can guess it.
  if (!/[A-Za-z0-9]/.test(piece)) return 1
  const each = piece.length <= WORD_LENGTH_MAX && WORD.test(piece) ? 2 : Math.log2(charactersOf(piece))
  let bits = 0
  for (let index = 0; index < piece.length; index++) {
    const step = Math.abs(piece.charCodeAt(index) - piece.charCodeAt(index - 1))
    bits += index > 0 && step <= 1 ? Math.min(each, RUN_BITS) : each
  }
  return bits
}

const RUN_BITS = 0.5

function charactersOf(piece: string): number {
  if (/^\d+$/.test(piece)) return 10
  if (/^(?:[\da-f]+|[\dA-F]+)$/.test(piece)) return 16
  const hasDigits = /\d/.test(piece)
  if (/^[\da-z]+$/.test(piece) || /^[\dA-Z]+$/.test(piece)) return hasDigits ? 36 : 26
  return hasDigits ? 62 : 52
}
