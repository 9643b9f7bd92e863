import { readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

/** A request line by line, as a gateway sends it: nothing is added, joined or dropped on the way. */
export type WireRequest = {
  readonly method: string
  readonly path: string
  /** Name, value, name, value: a name may come twice. */
  readonly headers: readonly string[]
  readonly body?: string
}

export type WireAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** Sends a request over a real socket to this machine. */
export function sendOverWire(
  port: number,
  { method, path, headers, body }: WireRequest,
): Promise<WireAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ port, method, path, headers: [...headers], agent: false }, (answer) => {
      text(answer).then(
        (received) => resolve({ status: answer.statusCode!, headers: answer.headers, text: received }),
        reject,
      )
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** A file of `recorded/`: request line, headers, empty line, body; `{{name}}` stands for a value of the test. */
export function readRecorded(name: string, values: Readonly<Record<string, string>>): WireRequest {
  const recorded = readFileSync(join(import.meta.dirname, 'recorded', `${name}.http`), 'utf8')
  const filled = recorded.replaceAll(/\{\{(\w+)\}\}/g, (_whole, placeholder: string) => {
    const value = values[placeholder]
    if (value === undefined) throw new Error(`${name}.http needs a value for ${placeholder}`)
    return value
  })
  const [head = '', body = ''] = filled.split('\n\n', 2)
  const [first = '', ...lines] = head.trimEnd().split('\n')
  const [method = '', path = ''] = first.split(' ')
  const headers = lines.flatMap((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()]
  })
  return { method, path, headers, body: body.trimEnd() }
}
