/** Names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | number>>

/** The answer to a request, as a value. It is sent in one place. */
export type Answer = {
  readonly status: number
  readonly headers: AnswerHeaders
  /** Several pieces are sent one after the other, as the client takes them. undefined: no body (204). */
  readonly body: string | Buffer | readonly Buffer[] | undefined
  /** Called when the body is not needed any more: it was taken, or the client is gone. */
  readonly onOver?: () => void
  /** Why it refuses, for the log. */
  readonly code?: string
}

/** A short answer in text. */
export type TextAnswer = Answer & { readonly body: string }

const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8' }

/** `text` is JSON already. */
export const jsonAnswer = (status: number, text: string | Buffer, headers?: AnswerHeaders): Answer => ({
  status,
  headers: headers === undefined ? JSON_HEADERS : { ...JSON_HEADERS, ...headers },
  body: text,
})
