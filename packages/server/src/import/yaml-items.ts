import type { JsonItem } from './json-item.ts'
import { SourceError } from './source-error.ts'

/**
 * The items of the named lists at the top of a YAML file, each parsed by itself: memory holds one, however long the list.
 * YAML lets no line inside an item begin where its dash stands, or before (YAML 1.2.2 §8.2.1), so that items are told by
 * their indentation. Items of one list that refer to each other by anchors are refused.
 */
export async function* yamlItems(
  text: AsyncIterable<string>,
  lists: readonly string[],
): AsyncGenerator<JsonItem> {
  // Loaded for those who bring such a file: nobody else waits for it.
  const { parse } = await import('yaml')
  const state: State = { list: undefined, indent: -1, item: '', itemLine: 0, hasList: false }
  let line = 0
  for await (const each of linesOf(text)) {
    line += 1
    const isBlank = /^\s*(?:#.*)?$/.test(each)
    const name = isBlank ? undefined : /^([A-Za-z_][\w-]*)\s*:/.exec(each)?.[1]
    if (name !== undefined) {
      yield* itemOf(state, parse)
      state.list = lists.includes(name) ? name : undefined
      state.hasList ||= state.list !== undefined
      state.indent = -1
      const flow = each.slice(each.indexOf(':') + 1).trim()
      if (state.list !== undefined && flow !== '' && !/^(?:\[\s*\]|~|null|#.*)$/.test(flow)) {
        throw new SourceError(
          line,
          `the list ${name} is written in one line: write each of its items on lines of its own.`,
        )
      }
      continue
    }
    if (state.list === undefined) continue
    const dash = /^( *)-(?: |$)/.exec(each)?.[1]?.length
    if (dash !== undefined && (state.indent < 0 || dash === state.indent)) {
      yield* itemOf(state, parse)
      state.indent = dash
      state.item = `${each}\n`
      state.itemLine = line
    } else if (state.item !== '') {
      state.item += `${each}\n`
      if (state.item.length > ITEM_LENGTH_MAX) {
        throw new SourceError(
          state.itemLine,
          `the item that begins here is longer than ${ITEM_LENGTH_MAX} characters.`,
        )
      }
    } else if (!isBlank)
      throw new SourceError(line, 'this line belongs to no item of the list: is the file YAML?')
  }
  yield* itemOf(state, parse)
  if (!state.hasList)
    throw new SourceError(
      undefined,
      `There is no list named ${lists.join(' or ')} in this YAML: is --from right?`,
    )
}

const ITEM_LENGTH_MAX = 1_048_576

type Parse = typeof import('yaml').parse
type State = { list: string | undefined; indent: number; item: string; itemLine: number; hasList: boolean }

function* itemOf(state: State, parse: Parse): Generator<JsonItem> {
  if (state.item === '') return
  const { item, itemLine: line, list } = state
  state.item = ''
  const parsed = parsedItem(item, line, parse)
  yield list === undefined ? parsed : { ...parsed, list }
}

function parsedItem(item: string, line: number, parse: Parse): JsonItem {
  try {
    const parsed: unknown = parse(item, { maxAliasCount: 0, logLevel: 'error' })
    if (Array.isArray(parsed) && parsed.length === 1) return { line, value: parsed[0] }
    return { line, refused: 'this is no single item of a list: mend its indentation.' }
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n', 1)[0] : 'it cannot be read'
    return { line, refused: `this is no YAML (${String(reason).slice(0, 120)}): mend or remove the item.` }
  }
}

async function* linesOf(text: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = ''
  for await (const piece of text) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > ITEM_LENGTH_MAX)
      throw new SourceError(
        undefined,
        `A line is longer than ${ITEM_LENGTH_MAX} characters: is the file YAML?`,
      )
    yield* lines
  }
  if (rest !== '') yield rest
}
