import { inputError } from '@latchkey/core/error'

const TAG = /"([^"]*)"/g
/** Our own tag, and what a proxy that compresses adds to it: "3-gzip" of Apache, "3--gzip" of Jetty. */
const OURS = /^(0|[1-9]\d{0,14})(?:-+[a-z]+)?$/i

/**
 * The condition of If-Match (RFC 9110 §13.1.1) on a row's version: no header, `*`, or one of the tags listed. The
 * version decides, strong or weak: a proxy that compresses makes W/"3" of our "3". What is no tag of ours matches
 * nothing.
 */
export function parseIfMatch(values: readonly string[]): (version: number) => boolean {
  if (values.length === 0) return () => true
  const text = values.join(',')
  if (text.trim() === '*') return () => true
  const tags = [...text.matchAll(TAG)].map(([, tag]) => OURS.exec(tag!)?.[1])
  const versions = new Set(tags.filter((version) => version !== undefined).map(Number))
  return (version) => versions.has(version)
}

/** Throws AppError `invalid_parameter`: a condition that cannot be checked must not pass for one that holds. */
export function refuseIfMatch(values: readonly string[]): void {
  if (values.length === 0) return
  throw inputError([
    {
      header: 'If-Match',
      code: 'invalid_parameter',
      detail: 'is not possible here, where answers have no ETag: leave it out.',
    },
  ])
}
