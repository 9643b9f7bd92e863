import { existsSync, readFileSync, rmSync } from 'node:fs'
import type { TestRuns } from './test-runs.ts'

/** A test file that comes by places of mutants, and how often by each. */
export type Surveyed = {
  readonly testFile: string
  readonly tookMs: number
  readonly visits: ReadonlyMap<number, number>
}

/**
 * Runs each test file once without a mutant, so that a mutant has to meet only those that come by its place. A test
 * file that fails already is told, and left out: it would fail for every mutant.
 */
export async function survey(
  runs: TestRuns,
  visitsFile: string,
  onDone: (done: number) => void,
): Promise<Surveyed[]> {
  const surveyed: Surveyed[] = []
  for (const [index, testFile] of runs.testFiles.entries()) {
    rmSync(visitsFile, { force: true })
    const began = performance.now()
    const run = { testFile, mutant: -1, visitsMax: 0, visitsFile }
    const failure = await runs.run(run, SURVEY_MS_MAX)
    if (failure === undefined) {
      const visits = existsSync(visitsFile)
        ? new Map(JSON.parse(readFileSync(visitsFile, 'utf8')) as [number, number][])
        : new Map<number, number>()
      surveyed.push({ testFile, tookMs: performance.now() - began, visits })
    } else {
      console.log(`left out, for it fails without any mutant: ${testFile}: ${failure}`)
    }
    onDone(index + 1)
  }
  return surveyed
}

/** Ten times what the slowest takes. */
const SURVEY_MS_MAX = 300_000
