/** One name with its value, decoded; undefined where the bytes are no UTF-8. */
export type FormField = { readonly name: string | undefined; readonly value: string | undefined }

/**
 * The one reader of application/x-www-form-urlencoded, for queries and forms. `text` holds one byte a character, as
 * Node gives a URL. As the URL standard reads it, but that bytes which are no UTF-8 are not replaced by others: the
 * caller would search for what nobody wrote.
 */
export function parseForm(text: string): FormField[] {
  return text
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=')
      return equals < 0
        ? { name: decode(pair), value: '' }
        : { name: decode(pair.slice(0, equals)), value: decode(pair.slice(equals + 1)) }
    })
}

/** What stands for itself. */
const PLAIN = /^[\x21-\x24\x26-\x2a\x2c-\x7e]*$/
const ENCODED = /%([0-9A-Fa-f]{2})/g
/** Keeps nothing between two texts. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decode(text: string): string | undefined {
  if (PLAIN.test(text)) return text
  const bytes = text
    .replaceAll('+', ' ')
    .replace(ENCODED, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
  try {
    return UTF8.decode(Buffer.from(bytes, 'latin1'))
  } catch {
    return undefined
  }
}
