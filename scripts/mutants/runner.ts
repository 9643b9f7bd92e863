import { inspect } from 'node:util'
import { createVitest, type TestRunResult } from 'vitest/node'
import type { Mutant } from './find-mutants.ts'
import { switchable } from './switchable.ts'

/** What test-runs.ts starts this program with. */
export type RunnerTask = {
  readonly root: string
  /** Globs of test files. */
  readonly tests: readonly string[]
  /** Of each mutated file, from the root. */
  readonly mutants: readonly Mutant[]
}

/** One test file, with one mutant on. */
export type Run = {
  readonly testFile: string
  readonly mutant: number
  readonly visitsMax: number
  readonly visitsFile: string
}

export type FromRunner =
  | { readonly testFiles: readonly string[] }
  /** What noticed the mutant; undefined: nothing. */
  | { readonly failure: string | undefined }

/** A test or a hook that takes longer hangs. The slowest takes a sixth of it. */
const HANGING_MS = 30_000

async function serve({ root, tests, mutants }: RunnerTask): Promise<void> {
  const vitest = await createVitest(
    'test',
    {
      root,
      config: false,
      include: [...tests],
      exclude: ['**/postgres-*.test.ts', '**/node_modules/**'],
      setupFiles: [`${root}/scripts/mutants/switch.ts`],
      reporters: [{}],
      watch: false,
      cache: false,
      // It would hand out the text of another run, with the switches of other mutants.
      fsModuleCache: false,
      bail: 1,
      maxWorkers: 1,
      testTimeout: HANGING_MS,
      hookTimeout: HANGING_MS,
    },
    { plugins: [createMutation(root, mutants)], logLevel: 'silent' },
  )
  const project = vitest.getRootProject()
  const specifications = await vitest.globTestSpecifications()
  tell({ testFiles: specifications.map(({ moduleId }) => moduleId) })
  process.on('message', async (run: Run) => {
    project.provide('mutant', run.mutant)
    project.provide('visitsMax', run.visitsMax)
    project.provide('visitsFile', run.visitsFile)
    const result = await vitest.runTestSpecifications([project.createSpecification(run.testFile)])
    tell(resultOf(result))
    // What failed once counts for ever, and after one failure nothing would run.
    vitest.state.filesMap.clear()
    vitest.state.idMap.clear()
  })
}

function resultOf({ testModules, unhandledErrors }: TestRunResult): FromRunner {
  const failed = testModules.filter((module) => module.state() !== 'passed')
  if (testModules.length > 0 && failed.length === 0 && unhandledErrors.length === 0)
    return { failure: undefined }
  for (const module of failed) {
    for (const test of module.children.allTests('failed')) return { failure: test.fullName }
    for (const error of module.errors()) return { failure: error.message }
  }
  const [error] = unhandledErrors
  // What was thrown may be no error, and may not want to be a text.
  return { failure: error === undefined ? 'no test ran' : inspect(error, { depth: 0 }) }
}

/** Hands out the mutated text in place of a file's own. */
function createMutation(root: string, mutants: readonly Mutant[]) {
  const byId = Map.groupBy(mutants, ({ path }) => `${root}/${path}`)
  return {
    name: 'mutants',
    enforce: 'pre' as const,
    transform(text: string, id: string) {
      const inFile = byId.get(id)
      return inFile === undefined ? undefined : { code: switchable(text, inFile), map: null }
    },
  }
}

function tell(message: FromRunner): void {
  process.send?.(message)
}

process.once('message', (task: RunnerTask) => void serve(task))
// Whoever asked is gone: this process leads a group, and all of it ends.
process.on('disconnect', () => process.kill(-process.pid, 'SIGKILL'))
