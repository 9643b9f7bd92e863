/** One broken rule: where, which, what is written there, and what to do about it. */
export type Violation = {
  readonly path: string
  /** Counted from 1. */
  readonly line: number
  readonly rule: Rule
  readonly text: string
  readonly mend: string
}

export type Rule =
  | 'wall'
  | 'cycle'
  | 'environment'
  | 'purity'
  | 'name'
  | 'size'
  | 'any'
  | 'default-export'
  | 'barrel'
  | 'mark'
  | 'empty'

/** Enough to recognise the line in a terminal. */
const TEXT_CHARACTERS_MAX = 100

export function formatViolation(violation: Violation): string {
  const text = violation.text.trim()
  const shown = text.length > TEXT_CHARACTERS_MAX ? `${text.slice(0, TEXT_CHARACTERS_MAX)}…` : text
  return `${violation.path}:${violation.line} ${violation.rule}: ${shown} — ${violation.mend}`
}
