import type { DigestExtras } from '@latchkey/core/digest'
import { type DigestFormat, digestFormatName } from '@latchkey/core/digest-format'
import { type ImportFormat, shapeOfPrefix, shapeOfText, withShape } from '@latchkey/core/imported-text'
import type { Change } from '../changes/change.ts'
import type { ImportRow } from '../import/import-row.ts'
import { RowRefusal } from '../import/source-error.ts'
import { findImportFormats, saveImportFormats } from '../storage/tables/import-formats.ts'

/** Each format costs a hash for every text that looks like one of its keys. */
const FORMATS_MAX = 8

/** A text that is known is found by the digest that most systems make. */
export const TEXT_FORMAT: DigestFormat = { algorithm: 'sha256', input: 'whole' }

export const formatOf = (row: ImportRow): DigestFormat => ('key' in row ? TEXT_FORMAT : row.format)

/** What the deployment has declared, and what an import adds to it. */
type DeclaredFormats = {
  /** What is declared with the row, for `keep` when it is taken. Throws RowRefusal when that is one format too many. */
  withRow(row: ImportRow): readonly ImportFormat[]
  keep(formats: readonly ImportFormat[]): void
  /** Keeps what was added; false: nothing was. Every server has to hear of it. */
  save(): Promise<boolean>
  all(): readonly ImportFormat[]
}

/** `rehearsed`: what was declared and taken back. The caller holds the row of the deployment. */
export async function openDeclaredFormats(
  change: Change,
  key: Uint8Array,
  extras: DigestExtras,
  rehearsed?: readonly ImportFormat[],
): Promise<DeclaredFormats> {
  const before = rehearsed ?? (await findImportFormats(change.db, key))
  let after: readonly ImportFormat[] = before
  return {
    all: () => after,
    withRow(row) {
      const next = declare(after, row, extras)
      if (next.length > FORMATS_MAX) {
        throw new RowRefusal(
          `the keys of this deployment came in ${FORMATS_MAX} formats already, and each is tried for every text: ` +
            'rotate the keys of one of them, or use a second deployment.',
        )
      }
      return next
    },
    keep(formats) {
      after = formats
    },
    async save() {
      if (after === before) return false
      await saveImportFormats(change.db, before, after, { key, randomBytes: change.randomBytes })
      return true
    },
  }
}

/** The same list, when it holds all that the row needs. */
function declare(
  formats: readonly ImportFormat[],
  row: ImportRow,
  extras: DigestExtras,
): readonly ImportFormat[] {
  const format = formatOf(row)
  const needed = neededBy(format, extras)
  const shape = 'key' in row ? shapeOfText(row.key.reveal()) : shapeOfPrefix(row.prefix ?? '')
  const index = formats.findIndex(
    (known) =>
      digestFormatName(known.format) === digestFormatName(format) &&
      isSame(known.extras.pepper, needed.pepper) &&
      isSame(known.extras.salt, needed.salt),
  )
  const known = formats[index]
  if (known === undefined) return [...formats, { format, extras: needed, shapes: [shape] }]
  const shapes = withShape(known.shapes, shape)
  return shapes === known.shapes ? formats : formats.with(index, { ...known, shapes })
}

function neededBy({ algorithm, input }: DigestFormat, { pepper, salt }: DigestExtras): DigestExtras {
  return {
    ...(algorithm === 'hmac-sha256' && pepper !== undefined ? { pepper } : {}),
    ...(input === 'suffix-salt' && salt !== undefined ? { salt } : {}),
  }
}

const isSame = (one: Uint8Array | undefined, other: Uint8Array | undefined): boolean =>
  one === undefined || other === undefined ? one === other : Buffer.compare(one, other) === 0
