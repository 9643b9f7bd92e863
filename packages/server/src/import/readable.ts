/** Names in a file are in what is told of it, and somebody reads that at a terminal. */
export const readable = (detail: string): string => {
  const line = detail.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').toWellFormed()
  return line.length > LENGTH_MAX ? `${line.slice(0, LENGTH_MAX).toWellFormed()}…` : line
}

const LENGTH_MAX = 1_000
