type RequestParts = {
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON; a text as it is, as a form unless `type` says otherwise. */
  readonly body?: object | string
  readonly type?: string
}

/** A request as it goes over the wire. */
export function requestText(
  method: string,
  path: string,
  { headers = {}, body, type: declared }: RequestParts = {},
): Buffer {
  const payload = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
  const type =
    declared ?? (typeof body === 'string' ? 'application/x-www-form-urlencoded' : 'application/json')
  const all: Record<string, string> = { host: '127.0.0.1', accept: '*/*', ...headers }
  if (body !== undefined) {
    all['content-type'] = type
    all['content-length'] = String(Buffer.byteLength(payload))
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${payload}`)
}

/** Walks a list without end. */
export function cycle<T>(items: readonly T[]): () => T {
  let index = -1
  return () => {
    index = index + 1 === items.length ? 0 : index + 1
    return items[index]!
  }
}
