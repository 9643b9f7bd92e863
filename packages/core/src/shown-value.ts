import { isRepeatable } from './repeatable.ts'

/** What was given, so that also what cannot be seen is; a value in a wrong place may be a secret, and long. */
export const shown = (text: string): string =>
  isRepeatable(text) && !text.includes('//') ? JSON.stringify(text) : 'a longer text'

/** The same behind a sentence about an address. What stands before an @ may be a password. */
export const got = (text: string): string =>
  text.includes('@') ? ', user or password.' : `; got ${isRepeatable(text) ? text : 'another text'}`
