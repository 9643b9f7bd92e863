/** What a request asks for (RFC 9112 §3.2), as it was sent: nothing is decoded, and no dots are resolved. */
export type RequestTarget = {
  readonly path: string
  /** Without its question mark; empty: none. */
  readonly query: string
}

/**
 * The one reader of request targets: a path, or the absolute form, whatever host it names. undefined: neither. What a
 * proxy in front lets through or keeps back by its path must mean the same path here, so that one path has one
 * spelling.
 */
export function parseTarget(url: string): RequestTarget | undefined {
  const isPath = url.startsWith('/')
  const text = isPath ? url : url.replace(/^https?:\/\/[^/?#]*/i, '')
  if (!isPath && text === url) return undefined
  const end = text.search(/[?#]/)
  const path = end < 0 ? text : text.slice(0, end)
  return { path: path === '' ? '/' : path, query: text[end] === '?' ? text.slice(end + 1) : '' }
}
