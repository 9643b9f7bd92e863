export type ProblemKind = {
  readonly status: number
  readonly title: string
  /** For the page at /errors/<code>. */
  readonly meaning: string
  readonly remedy: string
}

export const kind = (status: number, title: string, meaning: string, remedy: string): ProblemKind => ({
  status,
  title,
  meaning,
  remedy,
})
