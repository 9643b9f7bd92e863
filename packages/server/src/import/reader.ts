import type { Draft } from './build-row.ts'
import type { Fields } from './fields.ts'
import type { SourceOptions } from './source-options.ts'

/** One item of a source. */
export type SourceItem = {
  readonly line: number
  readonly fields: Fields
  readonly options: SourceOptions
}

/** What a reader finds in an item: any number of keys, and what it must refuse. May throw RowRefusal for the whole. */
export type Found = Iterable<Draft | { readonly line: number; readonly refused: string }>

type ReadItem = (item: SourceItem) => Found

/** `begin`: once for a file, where what an item means depends on those before it. */
export type SourceReader = ({ readonly read: ReadItem } | { readonly begin: () => ReadItem }) & {
  /** How the lists are named that an answer of the system's API wraps. */
  readonly lists?: readonly string[]
  /** Its texts are what clients present: it keeps no digests in their place. */
  readonly isTextSource?: true
}
