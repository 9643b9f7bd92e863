import type { SourceLine } from './import-row.ts'
import { judgeLines, type WholeFileRules } from './judge-lines.ts'

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

/** What an import of these items into an empty store would report. */
export async function* dryRun(
  items: AsyncIterable<SourceLine>,
  rules: WholeFileRules,
): AsyncGenerator<ReportLine> {
  for await (const item of judgeLines(items, rules)) {
    yield 'refused' in item
      ? { line: item.line, outcome: 'refused', reason: item.refused }
      : { line: item.line, outcome: 'created', notes: item.row.notes }
  }
}
