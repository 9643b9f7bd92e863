import type { DigestExtras } from '@latchkey/core/digest'
import { digestFormatName, parseDigestFormat } from '@latchkey/core/digest-format'
import type { ImportFormat, ImportShape } from '@latchkey/core/imported-text'
import type { RandomBytes } from '@latchkey/core/random'
import { open, seal } from '@latchkey/core/sealed-text'
import { prepared } from '../prepared.ts'
import type { Db, Schema } from './schema.ts'

/*
 * What the imports of the deployment have declared, in the order in which they did. Pepper and salt are sealed: whoever
 * has the database alone cannot try texts against a digest of the old system with them either.
 */

const all = prepared((db, _: object) => db.selectFrom('import_formats').selectAll().orderBy('id'))

/** `key`: derived from the server secret for this use. */
export async function findImportFormats(db: Db, key: Uint8Array): Promise<ImportFormat[]> {
  const rows = await all(db, {})
  return rows.map((row) => formatOf(row, key))
}

/** Writes those that are new or whose shapes are others than in `before`, which was read in the same transaction. */
export async function saveImportFormats(
  db: Db,
  before: readonly ImportFormat[],
  after: readonly ImportFormat[],
  { key, randomBytes }: { readonly key: Uint8Array; readonly randomBytes: RandomBytes },
): Promise<void> {
  for (const [index, declared] of after.entries()) {
    if (declared === before[index]) continue
    const id = index + 1
    const shapes = JSON.stringify(declared.shapes)
    if (index < before.length) {
      await db.updateTable('import_formats').set({ shapes }).where('id', '=', id).execute()
      continue
    }
    const format = digestFormatName(declared.format)
    const text = textOf(declared.extras)
    const sealed_extras = text === null ? null : seal(key, nameOf(id), text, randomBytes)
    await db.insertInto('import_formats').values({ id, format, sealed_extras, shapes }).execute()
  }
}

function formatOf(row: Schema['import_formats'], key: Uint8Array): ImportFormat {
  const format = parseDigestFormat(row.format)
  if ('detail' in format) throw new Error(`the store holds an unknown format of digests: ${row.format}`)
  const extras = row.sealed_extras === null ? {} : extrasOf(open(key, nameOf(row.id), row.sealed_extras))
  return { format, extras, shapes: JSON.parse(row.shapes) as readonly ImportShape[] }
}

const nameOf = (id: number): Buffer => Buffer.from(`import format ${id}`)

function textOf({ pepper, salt }: DigestExtras): string | null {
  if (pepper === undefined && salt === undefined) return null
  return JSON.stringify([pepper, salt].map((bytes) => bytes && Buffer.from(bytes).toString('base64')))
}

function extrasOf(text: string): DigestExtras {
  const [pepper, salt] = (JSON.parse(text) as (string | null)[]).map((bytes) =>
    bytes === null ? undefined : Buffer.from(bytes, 'base64'),
  )
  return { ...(pepper && { pepper }), ...(salt && { salt }) }
}
