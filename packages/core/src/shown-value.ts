import { isRepeatable } from './repeatable.ts'

/** What was given, so that also what cannot be seen is; a value in a wrong place may be a secret, and long. */
export const shown = (text: string): string =>
  isRepeatable(text) && !text.includes('//') ? JSON.stringify(text) : 'a longer text'

/** The same behind a sentence about an address. What stands before an @ may be a password. */
export const got = (text: string): string =>
  text.includes('@') ? ', user or password.' : `; got ${isRepeatable(text) ? text : 'another text'}`

/** The same in the middle of a sentence. `isMeant`: it is plainly of the form that was asked for, but for a slip. */
export const quoted = (text: string, isMeant = false): string =>
  isMeant || isRepeatable(text)
    ? JSON.stringify(text).replace(/[\p{C}\p{Z}]/gu, ' ')
    : `a text of ${text.length.toLocaleString('en')} characters`
