import type { IncomingMessage } from 'node:http'
import { inputError } from '@latchkey/core/error'

type Headers = Pick<IncomingMessage, 'rawHeaders'>

/**
 * Every value a header was sent with, in order. Node joins or drops repeated headers silently in `headers`;
 * only the raw list shows that one came twice. `name` in lower case.
 */
export function headerValues({ rawHeaders }: Headers, name: string): string[] {
  const values: string[] = []
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const candidate = rawHeaders[index]!
    if (candidate.length === name.length && candidate.toLowerCase() === name)
      values.push(rawHeaders[index + 1]!)
  }
  return values
}

/**
 * The value of a header that may come once; undefined: it did not come. Throws AppError `duplicate_parameter`: two
 * readers of a request could each follow another. `header` as it is shown.
 */
export function singleHeader(request: Headers, header: string): string | undefined {
  return onlyValue(headerValues(request, header.toLowerCase()), header)
}

/** The same of values that are read already. */
export function onlyValue(values: readonly string[], header: string): string | undefined {
  if (values.length <= 1) return values[0]
  throw inputError([
    { header, code: 'duplicate_parameter', detail: 'was sent more than once: send it once.' },
  ])
}
