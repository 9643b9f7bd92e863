import { buildRow } from './build-row.ts'
import { createFieldCheck } from './columns.ts'
import { createFields } from './fields.ts'
import type { SourceLine, SourceName } from './import-row.ts'
import { isObject } from './is-object.ts'
import type { JsonItem } from './json-item.ts'
import { jsonItems } from './json-items.ts'
import type { TextRules } from './judge-text.ts'
import { peek } from './peek.ts'
import type { ReadItem, SourceReader } from './reader.ts'
import { apisix } from './readers/apisix.ts'
import { aws } from './readers/aws.ts'
import { betterAuth } from './readers/better-auth.ts'
import { drf } from './readers/drf.ts'
import { csv, ndjson } from './readers/general.ts'
import { kong } from './readers/kong.ts'
import { sanctum } from './readers/sanctum.ts'
import { tyk } from './readers/tyk.ts'
import { unkey } from './readers/unkey.ts'
import { type SourceRecord, sourceRecords } from './records.ts'
import { RowRefusal } from './source-error.ts'
import type { SourceOptions } from './source-options.ts'
import { sourceText } from './source-text.ts'
import { yamlItems } from './yaml-items.ts'

/** The bytes of a file, from its start at each call. */
export type SourceBytes = () => AsyncIterable<Uint8Array>

/**
 * The keys of a file, one after the other: memory holds one of them, however long the file. What cannot be taken is an
 * item with its reason, and reading goes on; throws SourceError where it cannot go on.
 */
export async function* readSource(
  source: SourceName,
  bytes: SourceBytes,
  options: SourceOptions,
): AsyncGenerator<SourceLine> {
  const reader = READERS[source]
  const { lists } = reader
  const read =
    'beginAfter' in reader
      ? await reader.beginAfter(() => itemsOf(bytes, [...(lists ?? []), ...reader.beside]))
      : begun(reader)
  const { start, whole } = await peek(sourceText(bytes()))
  const check = createFieldCheck(source, options.metadataColumns ?? [])
  const records =
    source === 'kong' && YAML_START.test(start)
      ? yamlRecords(yamlItems(whole, lists ?? []))
      : sourceRecords(start, whole, { ...(lists === undefined ? {} : { lists }), check })
  yield* rowsOf(source, read, records, options)
}

/** The keys of records that do not depend on each other, from any source. */
export async function* readRecords(
  source: 'better-auth',
  records: Iterable<SourceRecord>,
  options: SourceOptions,
): AsyncGenerator<SourceLine> {
  yield* rowsOf(source, betterAuth.read, records, options)
}

async function* rowsOf(
  source: SourceName,
  read: ReadItem,
  records: AsyncIterable<SourceRecord> | Iterable<SourceRecord>,
  options: SourceOptions,
): AsyncGenerator<SourceLine> {
  const rules = {
    keyPrefix: options.keyPrefix,
    rawDigestsAreKeys: options.rawDigestsAreKeys ?? false,
    isTextSource: READERS[source].isTextSource ?? false,
  }
  for await (const record of records) {
    if ('refused' in record) yield record
    else yield* linesOf(read, record, options, rules)
  }
}

const begun = (reader: Exclude<SourceReader, { beside: readonly string[] }>): ReadItem =>
  'begin' in reader ? reader.begin() : reader.read

/** All that stands in lists; a table has none. */
async function* itemsOf(bytes: SourceBytes, lists: readonly string[]): AsyncGenerator<JsonItem> {
  const { start, whole } = await peek(sourceText(bytes()))
  if (YAML_START.test(start)) yield* yamlItems(whole, lists)
  else if (/^\s*[{[]/.test(start)) yield* jsonItems(whole, lists)
}

const READERS: Readonly<Record<SourceName, SourceReader>> = {
  'better-auth': betterAuth,
  unkey,
  kong,
  tyk,
  apisix,
  aws,
  sanctum,
  drf,
  csv,
  ndjson,
}

/** The first line of YAML is a comment, the mark of a document, or a name with a colon. */
const YAML_START = /^\s*(?:#|---|[A-Za-z_][\w-]*\s*:)/

async function* yamlRecords(items: AsyncIterable<JsonItem>): AsyncGenerator<SourceRecord> {
  for await (const item of items) {
    if ('refused' in item) yield item
    else if (isObject(item.value)) yield { line: item.line, fields: new Map(Object.entries(item.value)) }
    else yield { line: item.line, refused: 'this item is no object with names and values.' }
  }
}

function* linesOf(
  read: ReadItem,
  { line, fields }: { readonly line: number; readonly fields: ReadonlyMap<string, unknown> },
  options: SourceOptions,
  rules: TextRules,
): Generator<SourceLine> {
  try {
    for (const found of read({ line, fields: createFields(fields), options })) {
      yield 'refused' in found ? found : guarded(line, () => ({ line, row: buildRow(found, rules) }))
    }
  } catch (error) {
    yield refusedBy(line, error)
  }
}

function guarded(line: number, make: () => SourceLine): SourceLine {
  try {
    return make()
  } catch (error) {
    return refusedBy(line, error)
  }
}

function refusedBy(line: number, error: unknown): SourceLine {
  if (error instanceof RowRefusal) return { line, refused: error.message }
  throw error
}
