import { explainTime, parseTime } from '@latchkey/core/time'

/**
 * The moment of a parameter or field that was held against its schema. Throws TypeError when it was not: a
 * filter that cannot be read must not become no filter.
 */
export function momentOf(text: string): number
export function momentOf(text: string | undefined): number | undefined
export function momentOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const atMs = parseTime(text)
  if (atMs === undefined) throw new TypeError(`a time that its schema let through ${explainTime(text)}`)
  return atMs
}
