/** Names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | number>>

/** What a request is answered with: a value until it is sent, and that happens in one place. */
export type Answer = {
  readonly status: number
  readonly headers: AnswerHeaders
  /** Several: they are sent one after the other, as the client takes them. undefined: none, by the status (204). */
  readonly body: string | Buffer | readonly Buffer[] | undefined
  /** Called when the body is needed no more: it was taken, or nobody is there to take it. */
  readonly onOver?: () => void
}

/** One that is short, and text. */
export type TextAnswer = Answer & { readonly body: string }

const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8' }

/** `text` is JSON already. */
export const jsonAnswer = (status: number, text: string | Buffer, headers?: AnswerHeaders): Answer => ({
  status,
  headers: headers === undefined ? JSON_HEADERS : { ...JSON_HEADERS, ...headers },
  body: text,
})
