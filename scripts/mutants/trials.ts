import type { Mutant } from './find-mutants.ts'
import type { Surveyed } from './survey.ts'
import type { TestRuns } from './test-runs.ts'

export type Trial =
  /** A test failed, or did not end. */
  | { readonly outcome: 'noticed'; readonly by: string; readonly failure: string }
  | { readonly outcome: 'survived'; readonly testFiles: number }
  /** It does not compile: the compiler noticed. */
  | { readonly outcome: 'invalid' }

/**
 * Tries one mutant after another: runs the test files that come by its place until one fails. Those that noticed most
 * of the same file's mutants come first, then the quick ones.
 */
export function createTrials(runs: TestRuns, surveyed: readonly Surveyed[]) {
  const noticed = new Map<string, number>()
  const noticedOf = (path: string, testFile: string) => noticed.get(`${path} ${testFile}`) ?? 0
  return async ({ number, path }: Mutant): Promise<Trial> => {
    const concerned = surveyed
      .filter(({ visits }) => visits.has(number))
      .sort(
        (one, other) =>
          noticedOf(path, other.testFile) - noticedOf(path, one.testFile) || one.tookMs - other.tookMs,
      )
    for (const { testFile, tookMs, visits } of concerned) {
      const visitsMax = VISITS_LEAST + VISITS_TIMES * visits.get(number)!
      const run = { testFile, mutant: number, visitsMax, visitsFile: '' }
      const failure = await runs.run(run, LONGER_MS + LONGER_TIMES * tookMs)
      if (failure === undefined) continue
      noticed.set(`${path} ${testFile}`, noticedOf(path, testFile) + 1)
      return { outcome: 'noticed', by: testFile, failure }
    }
    return { outcome: 'survived', testFiles: concerned.length }
  }
}

/** A mutant that comes by its place a hundred times as often as before does not come to an end. */
const VISITS_TIMES = 100
const VISITS_LEAST = 100_000
/** The same of time, where others use the machine as well; a hanging test ends by itself before that. */
const LONGER_TIMES = 10
const LONGER_MS = 45_000
