import type { SourceEntry } from './import-row.ts'
import { judgeEntries, type WholeFileRules } from './judge-entries.ts'

/**
 * One line of the report of an import, as JSON. `exists`: the text is, or was, a key here already and stays as it is,
 * which only a store knows. In a dry run `created` is what would be. Nothing of a text or a digest is in it.
 */
export type ReportLine =
  | {
      readonly line: number
      readonly outcome: 'created' | 'exists'
      readonly keyId?: string
      readonly notes: readonly string[]
    }
  | { readonly line: number; readonly outcome: 'refused'; readonly reason: string }

/** What an import of these entries into an empty store would report. */
export async function* dryRun(
  entries: AsyncIterable<SourceEntry>,
  rules: WholeFileRules,
): AsyncGenerator<ReportLine> {
  for await (const entry of judgeEntries(entries, rules)) {
    yield 'refused' in entry
      ? { line: entry.line, outcome: 'refused', reason: entry.refused }
      : { line: entry.line, outcome: 'created', notes: entry.row.notes }
  }
}
