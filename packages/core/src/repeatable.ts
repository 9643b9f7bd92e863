import { PASSWORD_LENGTH_MIN } from './password-length.ts'

/**
 * Whether a text that was given in a wrong place may stand in a message: too short for a password or a key of ours, or
 * plainly an address. Anything else may be a secret that was pasted there, and messages end up in logs.
 */
export function isRepeatable(text: string): boolean {
  return isPlainAddress(text) || (text.length < PASSWORD_LENGTH_MIN && !text.includes('@'))
}

/** The same of a text that must be an address, where nothing else is short for a reason. */
export const isPlainAddress = (text: string): boolean => HOST.test(text) || IPV6.test(text)

/** Small letters and short parts: tokens in parts have capitals, random texts are longer. */
const HOST =
  /^(?:https?:\/\/)?(?:[a-z0-9-]{1,30}\.){1,9}[a-z0-9-]{1,30}(?::\d{1,9})?(?:\/[\w.~-]{0,20}){0,4}$/
const IPV6 = /^\[?[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,8}\]?(?::\d{1,9})?(?:\/\d{1,3})?$/i
