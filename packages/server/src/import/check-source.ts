import { type DigestExtras, digestOf } from '@latchkey/core/digest'
import { type DigestFormat, digestFormatName, parseDigestFormat } from '@latchkey/core/digest-format'
import type { SourceLine, SourceStatus } from './import-row.ts'

/** What became of `--check`: the first row that the text is the key of, or what is to be done. */
export type CheckedSource =
  | { readonly line: number; readonly status: SourceStatus; readonly expiresAt: string | undefined }
  | { readonly detail: string }

/**
 * Whether one text that works in the old system is the key of a row, so that the right formats, pepper and salt were
 * chosen. When it is not, says under which other format it would be.
 */
export async function checkSource(
  items: AsyncIterable<SourceLine>,
  text: string,
  extras: DigestExtras = {},
): Promise<CheckedSource> {
  const wanted = new Map<string, Buffer | undefined>()
  const others = otherDigests(text, extras)
  let other: { line: number; name: string } | undefined
  let rows = 0
  for await (const item of items) {
    if ('refused' in item) continue
    const { row, line } = item
    rows += 1
    if ('key' in row) {
      if (row.key.reveal() === text) return { line, status: row.status, expiresAt: row.expiresAt }
      continue
    }
    const name = digestFormatName(row.format)
    if (!wanted.has(name)) wanted.set(name, digestUnder(text, row.format, extras))
    if (wanted.get(name)?.equals(row.hash) === true)
      return { line, status: row.status, expiresAt: row.expiresAt }
    const otherName = others.get(Buffer.from(row.hash).toString('hex'))
    if (otherName !== undefined) other ??= { line, name: otherName }
  }
  return { detail: explain(rows, other) }
}

function explain(rows: number, other: { line: number; name: string } | undefined): string {
  if (other !== undefined) {
    return `The text is the key of line ${other.line} under the format ${other.name}: say --format ${other.name}.`
  }
  return rows === 0
    ? 'The file has no row that can be taken: look at the reasons, and whether --from is right.'
    : `The text is the key of none of ${rows} rows: check the text, --from, --format, and the pepper or salt.`
}

const ALGORITHMS = ['sha256', 'sha512', 'sha512-256', 'hmac-sha256']
const INPUTS = ['whole', 'after-last-underscore', 'after-first-pipe', 'suffix-salt']

/** The digests of the text under every format that there is, by their hexadecimal form. */
function otherDigests(text: string, extras: DigestExtras): Map<string, string> {
  const digests = new Map<string, string>()
  for (const name of ALGORITHMS.flatMap((algorithm) => INPUTS.map((input) => `${algorithm}:${input}`))) {
    const format = parseDigestFormat(name)
    if ('detail' in format) continue
    const digest = digestUnder(text, format, extras)?.toString('hex')
    if (digest !== undefined && !digests.has(digest)) digests.set(digest, digestFormatName(format))
  }
  return digests
}

function digestUnder(text: string, format: DigestFormat, extras: DigestExtras): Buffer | undefined {
  if (format.algorithm === 'hmac-sha256' && !extras.pepper?.length) return undefined
  if (format.input === 'suffix-salt' && !extras.salt?.length) return undefined
  return digestOf(text, format, extras)
}
