import { type DigestExtras, digestOf } from '@latchkey/core/digest'
import { AppError } from '@latchkey/core/error'
import { type createFingerprinter, type Fingerprint, fingerprintBytes } from '@latchkey/core/fingerprint'
import type { KeyId } from '@latchkey/core/ids'
import { type ImportFormat, importedTag, importedTags } from '@latchkey/core/imported-text'
import type { Change } from '../changes/change.ts'
import type { ImportRow, SourceLine } from '../import/import-row.ts'
import { RowRefusal } from '../import/source-error.ts'
import { createPause } from '../storage/short-turns.ts'
import { findDeploymentLocked } from '../storage/tables/deployment.ts'
import { insertKey } from '../storage/tables/keys.ts'
import { findTakenTags } from '../storage/tables/taken-tags.ts'
import { formatOf, openDeclaredFormats, TEXT_FORMAT } from './declared-formats.ts'
import { buildImportedKey } from './imported-key.ts'
import { createImportedOwners, type ImportOwner } from './imported-owners.ts'
import type { Rehearsal } from './rehearsal.ts'

export type ImportKeysDeps = {
  readonly fingerprint: ReturnType<typeof createFingerprinter>
  /** Seals pepper and salt. */
  readonly importsKey: Uint8Array
  /** Keys that the company may have, and bytes that the metadata of one may; absent on the host. */
  readonly keysMax?: number
  readonly metadataBytesMax?: number
}

/** What is said once for all rows. */
export type ImportTerms = ImportOwner & {
  readonly source: string
  readonly extras: DigestExtras
  /** Of a dry run in several steps. */
  readonly rehearsal?: Rehearsal
}

export type ImportedLine =
  | {
      readonly line: number
      readonly outcome: 'created'
      readonly keyId: KeyId
      readonly notes: readonly string[]
    }
  | { readonly line: number; readonly outcome: 'exists' }
  | { readonly line: number; readonly outcome: 'refused'; readonly reason: string }

/**
 * Takes keys of another system into the company that is changed, each as it was there. A text that is or was a key here
 * stays what it is. A row that cannot be taken is answered with its reason, and leaves nothing behind. The transaction
 * stays open while others are served: a thousand rows in one turn of the event loop were a tenth of a second.
 */
export async function importKeys(
  change: Change,
  deps: ImportKeysDeps,
  lines: readonly SourceLine[],
  terms: ImportTerms,
): Promise<ImportedLine[]> {
  const rows = lines.flatMap((item) => ('refused' in item ? [] : [item.row]))
  const pause = createPause()
  const tags = new Map<ImportRow, Fingerprint>()
  for (const row of rows) {
    tags.set(row, tagOf(row, deps))
    await pause()
  }
  // One import at a time in the deployment: two companies may be given the same text.
  await findDeploymentLocked(change.db)
  const { rehearsal } = terms
  const formats = await openDeclaredFormats(change, deps.importsKey, terms.extras, rehearsal?.formats)
  const otherTags = (row: ImportRow) => otherTagsOf(row, formats.all(), deps)
  const taken = await findTaken(change, tags, otherTags, pause)
  const owners = createImportedOwners(change, terms)

  async function take(item: SourceLine): Promise<ImportedLine> {
    const { line } = item
    if ('refused' in item) return { line, outcome: 'refused', reason: item.refused }
    const { row } = item
    const tag = tags.get(row)!
    const isHere = [tag, ...otherTags(row)].some((each) => taken.has(each) || rehearsal?.has(each))
    if (isHere) return { line, outcome: 'exists' }
    try {
      const owner = await owners.find(row)
      const key = buildImportedKey(change, row, owner, { ...deps, source: terms.source })
      const declared = formats.withRow(row)
      const userId = await owners.settle(owner, key.status)
      formats.keep(declared)
      const id = change.nextId('key')
      await insertKey(change.db, { ...key, id, userId }, fingerprintBytes(tag))
      taken.add(tag)
      rehearsal?.add(tag)
      return { line, outcome: 'created', keyId: id, notes: row.notes }
    } catch (error) {
      if (error instanceof RowRefusal) return { line, outcome: 'refused', reason: error.message }
      if (error instanceof AppError) return { line, outcome: 'refused', reason: error.detail }
      throw error
    }
  }

  const results: ImportedLine[] = []
  for (const item of lines) {
    results.push(await take(item))
    await pause()
  }
  const isWider = await formats.save()
  // In force when it is answered: whoever forgets the company forgets which formats and which tags there were.
  if (isWider || results.some(({ outcome }) => outcome === 'created'))
    change.revoke({ scope: 'company', id: change.ledger.id })
  if (rehearsal !== undefined) rehearsal.formats = formats.all()
  await owners.saveCounts()
  await record(change, terms.source, results)
  return results
}

function tagOf(row: ImportRow, { fingerprint }: ImportKeysDeps): Fingerprint {
  // A text is never empty: judging it has made sure.
  const digest = 'key' in row ? digestOf(row.key.reveal(), TEXT_FORMAT)! : row.hash
  return importedTag(digest, formatOf(row), fingerprint)
}

/** A text that is known may be here by the digest of it that another system had. */
function otherTagsOf(
  row: ImportRow,
  formats: readonly ImportFormat[],
  { fingerprint }: ImportKeysDeps,
): readonly Fingerprint[] {
  return 'key' in row ? importedTags(row.key.reveal(), formats, fingerprint) : []
}

/** Those by which a row is here, or was. */
async function findTaken(
  { db }: Change,
  tags: ReadonlyMap<ImportRow, Fingerprint>,
  otherTags: (row: ImportRow) => readonly Fingerprint[],
  pause: () => Promise<void>,
): Promise<Set<Fingerprint>> {
  const asked = new Set(tags.values())
  for (const row of tags.keys()) {
    for (const tag of otherTags(row)) asked.add(tag)
    await pause()
  }
  return findTakenTags(db, [...asked])
}

/** One event for all: each key says itself when it came in, and from where. */
async function record(change: Change, source: string, results: readonly ImportedLine[]): Promise<void> {
  const ids = results.flatMap((result) => (result.outcome === 'created' ? [result.keyId] : []))
  if (ids.length === 0) return
  const count = (outcome: ImportedLine['outcome']) =>
    results.filter((result) => result.outcome === outcome).length
  await change.record({
    action: 'keys.imported',
    object: { type: 'company', id: change.ledger.id },
    changes: {
      source: [null, source],
      created: [null, ids.length],
      exists: [null, count('exists')],
      refused: [null, count('refused')],
      firstKeyId: [null, ids[0]],
      lastKeyId: [null, ids.at(-1)],
    },
  })
}
