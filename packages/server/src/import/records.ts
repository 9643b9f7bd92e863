import { csvRecords } from './csv-records.ts'
import { isObject } from './is-object.ts'
import { jsonItems } from './json-items.ts'
import { SourceError } from './source-error.ts'

/** A record with its fields by name, of a table or of JSON; or why there is none. */
export type SourceRecord =
  | { readonly line: number; readonly fields: ReadonlyMap<string, unknown> }
  | { readonly line: number; readonly refused: string }

/** What a reader of records expects. */
export type RecordShape = {
  /** How lists are named that an answer of the system's API wraps. */
  readonly lists?: readonly string[]
  /** Throws SourceError when a header, or an item of JSON, has fields that the source must not have. */
  readonly check: (line: number, names: readonly string[]) => void
}

/** The records of a text that is CSV or JSON, as its first character says. */
export async function* sourceRecords(
  start: string,
  whole: AsyncIterable<string>,
  shape: RecordShape,
): AsyncGenerator<SourceRecord> {
  if (/^\s*[{[]/.test(start)) yield* fromJson(whole, shape)
  else yield* fromCsv(whole, shape)
}

async function* fromJson(
  text: AsyncIterable<string>,
  { lists, check }: RecordShape,
): AsyncGenerator<SourceRecord> {
  for await (const item of jsonItems(text, lists)) {
    if ('refused' in item) yield item
    else if (isObject(item.value)) {
      check(item.line, Object.keys(item.value))
      yield { line: item.line, fields: new Map(Object.entries(item.value)) }
    } else
      yield {
        line: item.line,
        refused: 'this is no object: each item is one, with the names of its fields.',
      }
  }
}

/** How the tools of databases write that a field has no value. */
const NULLS: ReadonlySet<string> = new Set(['', '\\N', 'NULL'])

async function* fromCsv(text: AsyncIterable<string>, shape: RecordShape): AsyncGenerator<SourceRecord> {
  let columns: readonly string[] | undefined
  for await (const record of csvRecords(text)) {
    if (columns === undefined) {
      if ('refused' in record) throw new SourceError(record.line, record.refused)
      columns = record.cells.map((cell) => cell.trim())
      checkHeader(record.line, columns, shape)
    } else if ('refused' in record) yield record
    else if (record.cells.length === columns.length) {
      const { cells, line } = record
      yield {
        line,
        fields: new Map(
          columns.map((name, index) => [name, NULLS.has(cells[index]!) ? undefined : cells[index]]),
        ),
      }
    } else yield { line: record.line, refused: explainCount(record.cells.length, columns.length) }
  }
}

function explainCount(cells: number, columns: number): string {
  const where =
    cells < columns ? 'the line may be cut off, or' : 'a field may hold the delimiter unquoted, or'
  return `this line has ${cells} fields and the first line names ${columns}: ${where} a quote is missing. Export it again.`
}

function checkHeader(line: number, columns: readonly string[], shape: RecordShape): void {
  const twice = columns.find((name, index) => columns.indexOf(name) < index)
  if (twice !== undefined)
    throw new SourceError(line, `the column ${twice || '(without a name)'} is there twice: rename one.`)
  shape.check(line, columns)
}
