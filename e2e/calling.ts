/** One request to a running service, as JSON, without anything between. */
export type Call = {
  readonly method?: string
  readonly path: string
  readonly key: string
  readonly body?: unknown
  /** Sent instead of the key: a token, or a key by the other way. */
  readonly bearer?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Gives the answer up; without it, it is waited for as long as it takes. */
  readonly signal?: AbortSignal
}

export type Answer = {
  readonly status: number
  readonly headers: Headers
  /** The parsed body; an empty object when there is none. */
  readonly body: Readonly<Record<string, unknown>>
}

/** Throws TypeError when there is no answer, and what the signal says when it is given up. */
export async function call(
  url: string,
  { method, path, key, bearer, body, headers, signal }: Call,
): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(bearer === undefined ? { 'X-API-KEY': key } : { Authorization: `Bearer ${bearer}` }),
      ...headers,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  }
}
