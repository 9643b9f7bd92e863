import type { ServerResponse } from 'node:http'

/** Names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | number>>

/** What a request is answered with: a value until it is sent, and that happens in one place. */
export type Answer = {
  readonly status: number
  readonly headers: AnswerHeaders
  /** undefined: none, by the status (204). */
  readonly body: string | undefined
}

const JSON_TYPE = 'application/json; charset=utf-8'

/** `text` is JSON already. */
export const jsonAnswer = (status: number, text: string, headers?: AnswerHeaders): Answer => ({
  status,
  headers: { 'content-type': JSON_TYPE, ...headers },
  body: text,
})

/** Sends an answer whole, with the headers that every answer has: one write, so that it goes out in one packet. */
export function sendAnswer(
  response: ServerResponse,
  { status, headers, body }: Answer,
  common: AnswerHeaders,
): void {
  const length = body === undefined ? undefined : { 'content-length': Buffer.byteLength(body) }
  // Node leaves the body out by itself where the method is HEAD.
  response.writeHead(status, { ...common, ...headers, ...length }).end(body)
}
