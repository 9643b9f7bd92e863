import { SourceError } from './source-error.ts'

/** One record of a CSV file (RFC 4180), or why the line it begins on is none. */
export type CsvRecord =
  | { readonly line: number; readonly cells: readonly string[] }
  | { readonly line: number; readonly refused: string }

/**
 * The records of a CSV file, piece by piece; blank lines are none. The delimiter is the one that the first line has
 * most of. After a fault in the quotes of a record, reading goes on with the line after the one it began on.
 */
export async function* csvRecords(text: AsyncIterable<string>): AsyncGenerator<CsvRecord> {
  let buffer = ''
  let line = 1
  let delimiter: string | undefined
  let faults = 0
  const taken = function* (isLast: boolean): Generator<CsvRecord> {
    let position = 0
    while (position < buffer.length) {
      if (delimiter === undefined) {
        delimiter = delimiterOf(buffer, isLast)
        if (delimiter === undefined) break
      }
      const record = scanRecord(buffer, position, delimiter, isLast)
      if (record === undefined) break
      if ('fault' in record) {
        const end = buffer.indexOf('\n', position)
        if (end < 0 && !isLast) break
        faults += 1
        if (faults > FAULTS_MAX) {
          throw new SourceError(line, `${record.fault}, and so are ${FAULTS_MAX} lines before: is this CSV?`)
        }
        yield { line, refused: `${record.fault}: quote the field anew, with "" for each quote inside.` }
        position = end < 0 ? buffer.length : end + 1
        line += 1
        continue
      }
      if (record.cells.length > 1 || record.cells[0] !== '') yield { line, cells: record.cells }
      position = record.end
      line += record.lines
    }
    buffer = buffer.slice(position)
  }
  for await (const piece of text) {
    buffer += piece
    yield* taken(false)
    if (buffer.length > LINE_LENGTH_MAX) {
      throw new SourceError(line, `this line is longer than ${LINE_LENGTH_MAX} characters: is this CSV?`)
    }
  }
  yield* taken(true)
}

/** In characters. A key with all that may be kept of it has some 30,000. */
const RECORD_LENGTH_MAX = 262_144
/** Longer than a record may be and the piece that ends it. */
const LINE_LENGTH_MAX = 1_048_576
/** Each costs reading on to the end of what may be a record: this many are 260 MB. */
const FAULTS_MAX = 1_000

const DELIMITERS = [',', ';', '\t', '|']

function delimiterOf(buffer: string, isLast: boolean): string | undefined {
  const end = buffer.indexOf('\n')
  if (end < 0 && !isLast && buffer.length < RECORD_LENGTH_MAX) return undefined
  const unquoted = buffer.slice(0, end < 0 ? RECORD_LENGTH_MAX : end).replace(/"[^"]*"/g, '')
  const counts = DELIMITERS.map((delimiter) => unquoted.split(delimiter).length)
  return DELIMITERS[counts.indexOf(Math.max(...counts))]
}

type Scanned = { readonly cells: string[]; readonly end: number; readonly lines: number }

/** The record that begins at `position`; undefined: the rest of it is still to come. */
function scanRecord(
  buffer: string,
  position: number,
  delimiter: string,
  isLast: boolean,
): Scanned | { readonly fault: string } | undefined {
  const cells: string[] = []
  let lines = 1
  for (let at = position; ; ) {
    const cell = buffer[at] === '"' ? quotedCell(buffer, at) : plainCell(buffer, at, delimiter)
    // The last character of a piece may be the first of a pair of quotes.
    const isOpen = cell === undefined || (cell.end === buffer.length && !isLast)
    if (isOpen) {
      if (buffer.length - position > RECORD_LENGTH_MAX) {
        return {
          fault: `this record is longer than ${RECORD_LENGTH_MAX} characters, so that a quote may not be closed`,
        }
      }
      if (!isLast) return undefined
      return { fault: 'a quote that opens in this record is not closed: the file may be cut off here' }
    }
    cells.push(cell.text)
    lines += cell.lines
    const next = buffer[cell.end]
    if (next === undefined) return { cells, end: cell.end, lines }
    if (next === '\n') return { cells, end: cell.end + 1, lines }
    if (next !== delimiter) return { fault: 'after a closing quote there is more of the field' }
    at = cell.end + 1
  }
}

type Cell = { readonly text: string; readonly end: number; readonly lines: number }

function plainCell(buffer: string, start: number, delimiter: string): Cell {
  let end = start
  while (end < buffer.length && buffer[end] !== delimiter && buffer[end] !== '\n') end += 1
  return { text: buffer.slice(start, end), end, lines: 0 }
}

function quotedCell(buffer: string, start: number): Cell | undefined {
  let lines = 0
  for (let at = start + 1; at < buffer.length; at++) {
    const character = buffer[at]
    if (character === '\n') lines += 1
    if (character !== '"') continue
    if (buffer[at + 1] === '"') at += 1
    else return { text: buffer.slice(start + 1, at).replaceAll('""', '"'), end: at + 1, lines }
  }
  return undefined
}
