import type { DigestExtras } from '@latchkey/core/digest'
import { type CheckedSource, checkSource } from './check-source.ts'
import type { SourceLine } from './import-row.ts'
import { SourceError } from './source-error.ts'

/**
 * Reads all of a source once before anything is done with it: one that is cut short or broken is found now. A text
 * that works in the old system must be the key of a row (`check`), where there are hashes; `false`: not asked for.
 * Throws SourceError.
 */
export async function readFirst(
  lines: AsyncIterable<SourceLine>,
  check: string | false | undefined,
  extras: DigestExtras,
): Promise<Extract<CheckedSource, { line: number }> | undefined> {
  const items = lines[Symbol.asyncIterator]()
  let hasHashes = false
  const watched: AsyncIterable<SourceLine> = {
    // Without `return`: whoever has seen enough leaves the rest to be read below.
    [Symbol.asyncIterator]: () => ({
      async next() {
        const item = await items.next()
        if (item.done !== true && 'row' in item.value && 'hash' in item.value.row) hasHashes = true
        return item
      },
    }),
  }
  const checked = typeof check === 'string' ? await checkSource(watched, check, extras) : undefined
  for await (const _ of watched);
  if (checked !== undefined) {
    if ('detail' in checked) throw new SourceError(undefined, `${checked.detail} Nothing was imported.`)
    return checked
  }
  if (hasHashes && check !== false) {
    throw new SourceError(
      undefined,
      'The file holds hashes, and a wrong format would make keys that nobody can use: give one key that works today ' +
        'with --check, or say --no-check.',
    )
  }
  return undefined
}
