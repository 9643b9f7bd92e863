import { readable } from './readable.ts'

/** Why the rest of a source cannot be read: one sentence with the line, what was seen and the next step. */
export class SourceError extends Error {
  /** From 1; undefined: the source as a whole. */
  readonly line: number | undefined

  constructor(line: number | undefined, detail: string) {
    super(readable(line === undefined ? detail : `Line ${line}: ${detail}`))
    this.name = 'SourceError'
    this.line = line
  }
}

/** Why one item is not taken, thrown where that is found and caught where the item is made a row. */
export class RowRefusal extends Error {
  constructor(detail: string) {
    super(readable(detail))
    this.name = 'RowRefusal'
  }
}
