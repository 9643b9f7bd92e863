import { findJsonFault } from '@latchkey/core/json-reader'
import { SourceError } from './source-error.ts'

/** One value of a file of JSON, or why the line it begins on is none. `list`: the name of the list that it is in. */
export type JsonItem = { readonly line: number; readonly list?: string } & (
  | { readonly value: unknown }
  | { readonly refused: string }
)

/** In characters: a key with all that may be kept of it has some 30,000. */
export const ITEM_LENGTH_MAX = 1_048_576

export function itemOf(line: number, text: string): JsonItem {
  const value = parsed(text)
  if (value !== undefined) return { line, value }
  const { at } = findJsonFault(text)
  const before = text.slice(0, at).split('\n')
  const place = `column ${(before.at(-1) ?? '').length + 1}${before.length > 1 ? ` of line ${line + before.length - 1}` : ''}`
  return { line, refused: `this is no JSON, from ${place} on: mend or remove the item.` }
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const cutOff = (line: number): SourceError =>
  new SourceError(
    line,
    'the file ends in the middle of the item that begins here: it is cut off. Export it again.',
  )

export const tooLong = (line: number): SourceError =>
  new SourceError(
    line,
    `the item that begins here is longer than ${ITEM_LENGTH_MAX} characters: is this the right file?`,
  )
