import { findJsonFault } from '@latchkey/core/json-reader'
import { isObject } from './is-object.ts'
import { cutOff, ITEM_LENGTH_MAX, itemOf, type JsonItem, parsed, tooLong } from './json-item.ts'
import { JsonScanner } from './json-scanner.ts'
import { peek } from './peek.ts'

/**
 * The values of a file, piece by piece: JSON lines, one array, or an object that wraps a list, such as the answer of an
 * API (`lists`: how such lists are named). Throws SourceError when it ends in the middle of one.
 */
export async function* jsonItems(
  text: AsyncIterable<string>,
  lists: readonly string[] = [],
): AsyncGenerator<JsonItem> {
  const { start, whole } = await peek(text, ITEM_LENGTH_MAX)
  yield* isLines(start, lists) ? lineItems(whole) : nestedItems(whole, lists)
}

/** Whether each line is a value by itself: the first is one, and it wraps none of the lists. */
function isLines(start: string, lists: readonly string[]): boolean {
  const [first = '', ...more] = start.trimStart().split('\n')
  if (first.startsWith('[')) return false
  const value = parsed(first)
  // What only ends too early goes on in the next line.
  if (value === undefined) return !mayGoOn(first) && !mayWrap(first, lists)
  if (!isObject(value) || lists.length === 0) return true
  if (hasList(value, lists)) return false
  // An object that wraps is alone: in a row among others a list lies anywhere.
  return more.join('').trim() !== '' || !Object.values(value).some((inner) => hasList(inner, lists))
}

const hasList = (value: unknown, lists: readonly string[]): boolean =>
  isObject(value) && lists.some((name) => Array.isArray(value[name]) || isEmptyTable(value[name]))

/** Lua does not tell an empty list from an empty object, and may write either. */
const isEmptyTable = (value: unknown): boolean => isObject(value) && Object.keys(value).length === 0

const mayWrap = (text: string, lists: readonly string[]): boolean =>
  lists.some((name) => new RegExp(`"${name}"\\s*:\\s*\\[`).test(text))

async function* lineItems(text: AsyncIterable<string>): AsyncGenerator<JsonItem> {
  let rest = ''
  let line = 0
  for await (const piece of text) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > ITEM_LENGTH_MAX) throw tooLong(line + 1)
    for (const each of lines) {
      line += 1
      if (each.trim() !== '') yield itemOf(line, each)
    }
  }
  if (rest.trim() === '') return
  const last = itemOf(line + 1, rest)
  if ('refused' in last && endsTooEarly(rest)) throw cutOff(line + 1)
  yield last
}

const endsTooEarly = (text: string): boolean => findJsonFault(text).at === text.length

/** In the next line: a string does not. */
function mayGoOn(line: string): boolean {
  const { at, isInString } = findJsonFault(line)
  return at === line.length && !isInString
}

/** Objects in an array, in one of the lists of an object, or one after the other. */
async function* nestedItems(text: AsyncIterable<string>, lists: readonly string[]): AsyncGenerator<JsonItem> {
  const scan = new JsonScanner(lists)
  for await (const piece of text) yield* scan.read(piece)
  scan.end()
}
