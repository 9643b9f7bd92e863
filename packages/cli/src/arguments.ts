import { parseDate } from '@latchkey/core/calendar'
import { isId } from '@latchkey/core/ids'
import { isLikelySecret } from '@latchkey/core/likely-secret'
import { InvalidArgumentError } from 'commander'

/** Of an argument or option. Throws InvalidArgumentError for nothing: the name of a variable that is not set. */
export function parseText(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It is empty: is the variable set?')
  return text
}

/** The same of one option that may be given more than once. */
export const parseTexts = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  parseText(text),
]

/** Of a day. Throws InvalidArgumentError. */
export function parseDay(text: string): string {
  if (parseDate(text) !== undefined) return text
  throw new InvalidArgumentError('It must be a date such as 2026-11-28.')
}

/** Of what has usage. Throws InvalidArgumentError for anything but the id of a key or company, such as the text of a key. */
export function parseUsed(text: string): string {
  if (isId('key', text) || isId('cmp', text)) return text
  throw new InvalidArgumentError(
    'It must be the id of a key (key_…) or of a company (cmp_…): latchkey keys list shows them.',
  )
}

/** Of a file. Throws InvalidArgumentError for a secret too, whose text would become a name that everybody can list. */
export function parseFile(text: string): string {
  if (text === '-')
    throw new InvalidArgumentError('It must be a file: standard input and output are none here.')
  if (!isLikelySecret(parseText(text))) return text
  throw new InvalidArgumentError(
    'It looks like a secret: name a file (./ before a name as long as this), and a key by its id.',
  )
}
