const ASCII = /^[\0-\x7f]*$/

/**
 * A text as searches compare it: the same for letters that differ in case, in how they are composed, or in width
 * (Unicode's compatibility forms). One `i` for all four of Turkish, one `σ`, and `ss` for `ß`. At most 18 times as
 * long.
 */
export function foldText(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase()
  return (
    text
      .normalize('NFKC')
      // Down first: the capital ẞ has no other way to ß, and that goes to SS.
      .toLowerCase()
      .toUpperCase()
      .toLowerCase()
      .replace(/i\u0307/g, 'i')
      .replaceAll('ς', 'σ')
      .normalize('NFKC')
  )
}

/** Whether folding changes nothing but the case of A to Z: what every store can do by itself. */
export const isAscii = (text: string): boolean => ASCII.test(text)
