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
 * Tries one mutant after another: runs the test files that come by its place until one fails. Those come first that
 * are likely to notice for the time they take. No test file begins when those before took `patienceMs` without a
 * mutant: what is not noticed by then counts as survived, so a score is never too high.
 */
export function createTrials(
  runs: TestRuns,
  surveyed: readonly Surveyed[],
  { mutants, patienceMs }: { readonly mutants: readonly Mutant[]; readonly patienceMs: number },
) {
  const placesOf = Map.groupBy(mutants, ({ path }) => path)
  const records = new Map<string, { asked: number; noticed: number }>()
  const recordOf = (path: string, testFile: string) => {
    const record = records.get(`${path} ${testFile}`) ?? { asked: 0, noticed: 0 }
    records.set(`${path} ${testFile}`, record)
    return record
  }
  const noticesPerMs = (path: string, { testFile, tookMs, visits }: Surveyed) => {
    const { asked, noticed } = recordOf(path, testFile)
    // Before anything is known: who comes by more of a file is likelier to be about it.
    const places = placesOf.get(path)!
    const share = places.filter(({ number }) => visits.has(number)).length / places.length
    return (noticed + share) / (asked + 1) / tookMs
  }
  return async ({ number, path }: Mutant): Promise<Trial> => {
    const concerned = surveyed
      .filter(({ visits }) => visits.has(number))
      .map((test) => ({ ...test, noticesPerMs: noticesPerMs(path, test) }))
      .sort((one, other) => other.noticesPerMs - one.noticesPerMs)
    let spentMs = 0
    let asked = 0
    for (const { testFile, tookMs, visits } of concerned) {
      if (spentMs >= patienceMs) break
      spentMs += tookMs
      asked += 1
      const record = recordOf(path, testFile)
      record.asked += 1
      const visitsMax = VISITS_LEAST + VISITS_TIMES * visits.get(number)!
      const run = { testFile, mutant: number, visitsMax, visitsFile: '' }
      const failure = await runs.run(run, LONGER_MS + LONGER_TIMES * tookMs)
      if (failure === undefined) continue
      record.noticed += 1
      return { outcome: 'noticed', by: testFile, failure }
    }
    return { outcome: 'survived', testFiles: asked }
  }
}

/** A mutant that comes by its place a hundred times as often as before does not come to an end. */
const VISITS_TIMES = 100
const VISITS_LEAST = 100_000
/** The same of time, where others use the machine as well; a hanging test ends by itself before that. */
const LONGER_TIMES = 10
const LONGER_MS = 45_000
