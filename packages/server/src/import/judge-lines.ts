import { hash } from 'node:crypto'
import { digestFormatName } from '@latchkey/core/digest-format'
import type { ImportRow, SourceLine } from './import-row.ts'
import { createLineTable } from './line-table.ts'

export type WholeFileRules = {
  /** Somebody owns the keys whose rows name nobody (`--user`). */
  readonly hasOwner: boolean
  /** Of the pepper and the salt, which are given beside the file. */
  readonly hasPepper: boolean
  readonly hasSalt: boolean
}

/**
 * Judges the items of a source, compared with each other and with what is given beside it: all that can be told without
 * a store, so that a dry run and a run say the same. Of rows with one text the first stays.
 */
export async function* judgeLines(
  items: AsyncIterable<SourceLine>,
  rules: WholeFileRules,
): AsyncGenerator<SourceLine> {
  const lines = createLineTable()
  for await (const item of items) {
    if ('refused' in item) {
      yield item
      continue
    }
    const { row, line } = item
    const reason = reasonAgainst(row, rules)
    const earlier = reason === undefined ? lines.note(markOf(row), line) : undefined
    if (reason !== undefined) yield { line, refused: reason }
    else if (earlier === undefined) yield item
    else
      yield {
        line,
        refused: `it has the same ${'key' in row ? 'key' : 'hash'} as line ${earlier}: remove one of the two.`,
      }
  }
}

function reasonAgainst(row: ImportRow, { hasOwner, hasPepper, hasSalt }: WholeFileRules): string | undefined {
  if (row.userId === undefined && row.externalUserId === undefined && !hasOwner) {
    return 'it names no owner: give one for all such rows, as with --user.'
  }
  if ('key' in row) return undefined
  if (row.format.algorithm === 'hmac-sha256' && !hasPepper) {
    return 'its hash was made with a pepper: give it, as with --pepper-file.'
  }
  if (row.format.input === 'suffix-salt' && !hasSalt)
    return 'its hash was made with a salt: give it, as with --salt-file.'
  return undefined
}

/** 64 bits of what a row stands for. Among ten million rows two have the same by chance in one of 300,000 files. */
function markOf(row: ImportRow): bigint {
  const text =
    'key' in row
      ? `key ${row.key.reveal()}`
      : `${digestFormatName(row.format)} ${Buffer.from(row.hash).toString('latin1')}`
  return hash('sha256', text, 'buffer').readBigUInt64LE()
}
