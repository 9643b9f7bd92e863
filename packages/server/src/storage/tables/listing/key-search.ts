import { foldText, isAscii } from '@latchkey/core/fold-text'
import { sql } from 'kysely'

/** A row that may match: when `undecided` is a text, only that text can tell. */
type Candidate = { readonly undecided: string | null }

/** How keys with a text in description, id or the last four of a secret are found, alike on every store. */
export type KeySearch = {
  readonly condition: ReturnType<typeof sql<boolean>>
  readonly undecided: ReturnType<typeof sql<string | null>>
  isFound(candidate: Candidate): boolean
}

/**
 * Each store lowers letters by rules of its own, or of its operating system. So it only decides about texts of ASCII,
 * where all agree; any other text of a piece of the list is folded here.
 */
export function searchOf(text: string): KeySearch {
  const folded = foldText(text)
  const description = sql.ref('keys.description')
  const isForeign = sql<boolean>`octet_length(${description}) <> length(${description})`
  const isFound = ({ undecided }: Candidate) => undecided === null || foldText(undecided).includes(folded)
  // Folding changes no text of ASCII into another, and what is found in by other letters has some.
  if (!isAscii(folded)) return { condition: isForeign, undecided: sql`${description}`, isFound }

  // LIKE's own signs in the text are meant literally.
  const pattern = `%${folded.replace(/[\\%_]/g, (sign) => `\\${sign}`)}%`
  const matches = (column: string) => sql<boolean>`lower(${sql.ref(column)}) like ${pattern} escape '\\'`
  const isPrevious = sql<boolean>`exists (select 1 from secrets
    where secrets.tag = keys.previous_tag and ${matches('secrets.last_four')})`
  const isSure = sql<boolean>`(${matches('keys.id')} or ${matches('keys.last_four')} or ${isPrevious}
    or (${matches('keys.description')} and octet_length(${description}) = length(${description})))`
  return {
    condition: sql`(${isSure} or ${isForeign})`,
    undecided: sql`case when ${isSure} then null else ${description} end`,
    isFound,
  }
}
