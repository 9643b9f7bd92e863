import { buildRow } from './build-row.ts'
import { createFieldCheck } from './columns.ts'
import { createFields } from './fields.ts'
import type { SourceLine, SourceName } from './import-row.ts'
import { isObject } from './is-object.ts'
import type { JsonItem } from './json-item.ts'
import type { TextRules } from './judge-text.ts'
import { peek } from './peek.ts'
import type { Found, SourceItem, SourceReader } from './reader.ts'
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

/**
 * The keys of a file, one after the other: memory holds one of them, however long the file. What cannot be taken is an
 * item with its reason, and reading goes on; throws SourceError where it cannot go on.
 */
export async function* readSource(
  source: SourceName,
  bytes: AsyncIterable<Uint8Array>,
  options: SourceOptions,
): AsyncGenerator<SourceLine> {
  const { start, whole } = await peek(sourceText(bytes))
  const check = createFieldCheck(source, options.metadataColumns ?? [])
  const { lists } = READERS[source]
  const records =
    source === 'kong' && YAML_START.test(start)
      ? yamlRecords(yamlItems(whole, lists ?? []))
      : sourceRecords(start, whole, { ...(lists === undefined ? {} : { lists }), check })
  yield* readRecords(source, records, options)
}

/** The keys of records, read from wherever. */
export async function* readRecords(
  source: SourceName,
  records: AsyncIterable<SourceRecord> | Iterable<SourceRecord>,
  options: SourceOptions,
): AsyncGenerator<SourceLine> {
  const reader = READERS[source]
  const rules = {
    keyPrefix: options.keyPrefix,
    rawDigestsAreKeys: options.rawDigestsAreKeys ?? false,
    isTextSource: reader.isTextSource ?? false,
  }
  const read = 'begin' in reader ? reader.begin() : reader.read
  for await (const record of records) {
    if ('refused' in record) yield record
    else yield* linesOf(read, record, options, rules)
  }
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
  read: (item: SourceItem) => Found,
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
