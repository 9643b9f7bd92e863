type Level = 'ok' | 'warning' | 'problem'

/** What one check found. `remedy` says what to do; there is one unless all is well. */
export type Finding = {
  readonly check: string
  readonly level: Level
  readonly detail: string
  readonly remedy?: string
}

export const fine = (check: string, detail: string): Finding => ({ check, level: 'ok', detail })

export const warning = (check: string, detail: string, remedy: string): Finding => ({
  check,
  level: 'warning',
  detail,
  remedy,
})

export const problem = (check: string, detail: string, remedy: string): Finding => ({
  check,
  level: 'problem',
  detail,
  remedy,
})

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** A check that this user may not make, or that cannot be made, is a finding like another. */
export function attempt(check: string, diagnoseIt: () => Finding): Finding {
  try {
    return diagnoseIt()
  } catch (error) {
    const remedy = 'Run latchkey doctor as the user the service runs as, or as root.'
    return problem(check, `It could not be looked at (${reasonOf(error)}).`, remedy)
  }
}
