import type { IncomingMessage } from 'node:http'

/**
 * Every value a header was sent with, in order. Node joins or drops repeated headers silently in `headers`;
 * only the raw list shows that one came twice. `name` in lower case.
 */
export function headerValues(request: Pick<IncomingMessage, 'rawHeaders'>, name: string): string[] {
  const { rawHeaders } = request
  const values: string[] = []
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const candidate = rawHeaders[index]!
    if (candidate.length === name.length && candidate.toLowerCase() === name)
      values.push(rawHeaders[index + 1]!)
  }
  return values
}
