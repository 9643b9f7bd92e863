import type { Secret } from './secret.ts'

/** What may be shown of a secret later. */
export type Hint = { readonly prefix: string; readonly lastFour: string }

/** `prefix`: the secret up to and with its first four random characters. */
export function hintOf(secret: Secret): Hint {
  const text = secret.reveal()
  return { prefix: text.slice(0, text.lastIndexOf('_') + 5), lastFour: text.slice(-4) }
}

/** `lk_live_2Zc9...WtJx`; of an imported key whose end is not known the prefix and `…`. */
export const maskedKey = ({ prefix, lastFour }: Hint): string =>
  lastFour === '' ? `${prefix}…` : `${prefix}...${lastFour}`
