import type { Draft } from './build-row.ts'
import type { Fields } from './fields.ts'
import type { JsonItem } from './json-item.ts'
import type { SourceOptions } from './source-options.ts'

/** One item of a source. */
export type SourceItem = {
  readonly line: number
  readonly fields: Fields
  readonly options: SourceOptions
}

/** What a reader finds in an item: any number of keys, and what it must refuse. May throw RowRefusal for the whole. */
export type Found = Iterable<Draft | { readonly line: number; readonly refused: string }>

export type ReadItem = (item: SourceItem) => Found

/**
 * `begin`: called once for a file, where the meaning of an item depends on those before it. `beginAfter`: the same, but
 * called when the items of the lists `beside`, and its own, were read, wherever they stand in the file.
 */
export type SourceReader = (
  | { readonly read: ReadItem }
  | { readonly begin: () => ReadItem }
  | {
      readonly beginAfter: (items: () => AsyncIterable<JsonItem>) => Promise<ReadItem>
      readonly beside: readonly string[]
    }
) & {
  /** How the lists are named that an answer of the system's API wraps. */
  readonly lists?: readonly string[]
  /** Its texts are what clients present: it keeps no digests in their place. */
  readonly isTextSource?: true
}
