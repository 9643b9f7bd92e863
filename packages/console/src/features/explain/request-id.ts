const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const FORM = /^req_[0-7][0-9a-hjkmnp-tv-z]{25}$/
/** The first characters are the moment, in milliseconds. */
const TIME_LENGTH = 10

/** Whether a text is the id that the service gave to a request: it stands in each error, and in the log. */
export const isRequestId = (text: string): boolean => FORM.test(text)

/** When the request came. `requestId` is one. */
export function momentOf(requestId: string): string {
  const time = requestId.slice('req_'.length, 'req_'.length + TIME_LENGTH)
  const ms = [...time].reduce((sum, character) => sum * 32 + ALPHABET.indexOf(character), 0)
  return new Date(ms).toISOString()
}
