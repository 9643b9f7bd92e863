import { SourceError } from './source-error.ts'

/**
 * The text of a source, piece by piece: UTF-8 without its byte order mark, lines ended by `\n` alone. Throws
 * SourceError for what is no such text.
 */
export async function* sourceText(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  // Drops a byte order mark at the start.
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let line = 1
  let isFirst = true
  let endsInReturn = false
  for await (const piece of withWholeStart(bytes)) {
    if (isFirst) checkStart(piece)
    isFirst = false
    const decoded: string = decode(decoder, piece, line)
    // A pair that two pieces share is one end of a line.
    const held: string = endsInReturn ? `\r${decoded}` : decoded
    endsInReturn = held.endsWith('\r')
    const text = (endsInReturn ? held.slice(0, -1) : held).replace(/\r\n?/g, '\n')
    line += countLines(text)
    if (text !== '') yield text
  }
  if (isFirst) throw new SourceError(undefined, 'The file is empty: export it again.')
  const rest = (endsInReturn ? '\n' : '') + decode(decoder, undefined, line)
  if (rest !== '') yield rest
}

/** The pieces, of which the first is long enough to show what kind of file this is. */
async function* withWholeStart(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let start: Uint8Array = new Uint8Array()
  let isStarted = false
  for await (const piece of bytes) {
    if (isStarted) yield piece
    else {
      start = Buffer.concat([start, piece])
      isStarted = start.length >= START_BYTES
      if (isStarted) yield start
    }
  }
  if (!isStarted && start.length > 0) yield start
}

const START_BYTES = 16

function decode(
  decoder: InstanceType<typeof TextDecoder>,
  piece: Uint8Array | undefined,
  line: number,
): string {
  try {
    return piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true })
  } catch {
    throw new SourceError(
      line,
      'from here on the file is not UTF-8: it is damaged, cut off, or in another encoding. Save it as UTF-8.',
    )
  }
}

function countLines(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1
  return count
}

const STARTS: readonly (readonly [readonly number[], string])[] = [
  [[0xff, 0xfe], 'is UTF-16: save it as UTF-8.'],
  [[0xfe, 0xff], 'is UTF-16: save it as UTF-8.'],
  [[0x1f, 0x8b], 'is compressed with gzip: decompress it first.'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'is compressed with zstd: decompress it first.'],
  [[0x50, 0x4b, 0x03, 0x04], 'is a ZIP archive or a spreadsheet: unpack it, or save it as CSV.'],
  [
    [...Buffer.from('SQLite format 3\0')],
    'is a SQLite database: only better-auth is read from one directly. Export the table as CSV.',
  ],
  [
    [...Buffer.from('PGDMP')],
    'is a binary dump of PostgreSQL: export the table with \\copy … TO … CSV HEADER.',
  ],
]

function checkStart(piece: Uint8Array): void {
  const kind = STARTS.find(([start]) => start.every((byte, index) => piece[index] === byte))?.[1]
  if (kind !== undefined) throw new SourceError(undefined, `The file ${kind}`)
}
