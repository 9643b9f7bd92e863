import { SourceError } from './source-error.ts'

/** In characters: the first line of a table is shorter, and no more needs to be known of what is longer. */
const START_LENGTH_MAX = 65_536

/** The beginning of a text, with its first line if that is short enough, and all of it again. Throws SourceError when there is nothing. */
export async function peek(
  text: AsyncIterable<string>,
  lengthMax: number = START_LENGTH_MAX,
): Promise<{ readonly start: string; readonly whole: AsyncIterable<string> }> {
  const pieces = text[Symbol.asyncIterator]()
  let start = ''
  while (start.length < lengthMax && !start.trimStart().includes('\n')) {
    const next = await pieces.next()
    if (next.done === true) break
    start += next.value
  }
  if (start.trim() === '') {
    throw new SourceError(undefined, 'The file holds nothing but blanks: export it again.')
  }
  async function* whole(): AsyncGenerator<string> {
    yield start
    for (;;) {
      const next = await pieces.next()
      if (next.done === true) return
      yield next.value
    }
  }
  return { start, whole: whole() }
}
