/**
 * The condition of If-Match (RFC 9110 §13.1.1) on a row's version: no header, `*`, or one of the tags listed.
 * Weak tags and texts that are no tag match nothing.
 */
export function parseIfMatch(values: readonly string[]): (version: number) => boolean {
  if (values.length === 0) return () => true
  const tags = values
    .join(',')
    .split(',')
    .map((tag) => tag.trim())
  return (version) => tags.includes('*') || tags.includes(`"${version}"`)
}
