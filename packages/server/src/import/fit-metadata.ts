import { createShared } from '@latchkey/core/shared'
import { explainText } from '@latchkey/core/text'

/** The limits of the contract. */
const ENTRIES_MAX = 50
const NAME_LENGTH_MAX = 100
const VALUE_LENGTH_MAX = 500
/** An item of a megabyte may have 100,000 names: told one by one they were ten times as long. */
const NOTES_MAX = 100
/** No control characters; in values lines and tabs. */
const NAME = /^[^\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+$/u
const VALUE = /^(?:\P{Cc}|[\t\n])*$/u

export type Fitted = { readonly metadata: Record<string, string>; readonly notes: string[] }

/** As much of it as metadata may hold, as text; the first of a name stays. What does not fit is told, not cut. */
export function fitMetadata(items: Iterable<readonly [string, unknown]>): Fitted {
  const metadata = new Map<string, string>()
  const notes: string[] = []
  let others = 0
  for (const [name, value] of items) {
    if (value === undefined || value === null || value === '') continue
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    const reason = metadata.has(name) ? 'metadata has that name' : reasonAgainst(name, text, metadata.size)
    if (reason === undefined) metadata.set(name, text)
    else if (notes.length === NOTES_MAX) others += 1
    else notes.push(`${name.slice(0, NAME_LENGTH_MAX)} is left out: ${reason}.`)
  }
  if (others > 0) notes.push(`${others.toLocaleString('en')} more are left out, too.`)
  return { metadata: Object.fromEntries(metadata), notes }
}

/** The same few names come with each row. */
const isName = createShared(
  (name: string): boolean => name.length <= NAME_LENGTH_MAX && NAME.test(name) && name !== '__proto__',
)

function reasonAgainst(name: string, text: string, size: number): string | undefined {
  if (size >= ENTRIES_MAX) return `metadata holds ${ENTRIES_MAX} entries`
  if (!isName(name)) return 'metadata takes no such name'
  if (text.length > VALUE_LENGTH_MAX)
    return `its value has ${text.length} characters, and metadata ${VALUE_LENGTH_MAX}`
  if (!VALUE.test(text) || explainText(text) !== undefined) return 'its value holds control characters'
  return undefined
}
