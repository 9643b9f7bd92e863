import { StoreError } from '../engine.ts'

/** Says what is wrong with DATABASE_URL, in one sentence that follows its name. */
export const urlRefusal = (what: string): StoreError => new StoreError(`DATABASE_URL ${what}.`)

export const ENCODE =
  'in user and password, write @ as %40, : as %3A, / as %2F, ? as %3F, # as %23, % as %25 and a space as %20'

/** Throws StoreError naming `what` when a `%` begins no code, or the codes are no UTF-8. */
export function decoded(text: string, what: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw urlRefusal(`has a % in ${what} that begins no code such as %2F: write % itself as %25`)
  }
}

/** A value that is refused is shown when it is a word; anything else may be what somebody pasted by mistake. */
export const shownWord = (value: string): string => (/^[\w.-]{1,32}$/.test(value) ? value : '…')
