/** An answer, with the response it came in. */
export interface WithResponse<T> {
  data: T
  /** Its body is read already. */
  response: Response
}

/** A promise of what the service answers. */
export type Call<T> = Promise<T> & {
  /** The same, with the response: its status and headers. */
  withResponse(): Promise<WithResponse<T>>
}

export function createCall<T>(whole: Promise<WithResponse<T>>): Call<T> {
  const data = whole.then((answer) => answer.data)
  return Object.assign(data, {
    withResponse() {
      // Whoever asks for both hears of a failure there.
      data.catch(() => {})
      return whole
    },
  })
}
