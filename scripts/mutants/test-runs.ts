import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FromRunner, Run, RunnerTask } from './runner.ts'

export type TestRuns = {
  readonly testFiles: readonly string[]
  /** What noticed; undefined: nothing. A run that takes longer than `msMax` is stopped, and that is noticed too. */
  run(run: Run, msMax: number): Promise<string | undefined>
  stop(): void
}

/** Runs of single test files in one process beside this one, which is replaced when it no longer answers. */
export async function startTestRuns(task: RunnerTask): Promise<TestRuns> {
  // What stopped tests leave behind goes with it.
  const folder = mkdtempSync(join(fastestFolder(), 'latchkey-mutants-'))
  let { runner, testFiles } = await start(task, folder)
  const stop = () => end(runner)
  return {
    testFiles,
    stop() {
      stop()
      rmSync(folder, { recursive: true, force: true })
    },
    async run(run, msMax) {
      const answered = answerOf(runner)
      runner.send(run)
      const answer = await within(msMax, answered)
      if (answer?.value !== undefined && 'failure' in answer.value) return answer.value.failure
      stop()
      runner = (await start(task, folder)).runner
      return answer === undefined ? `no end within ${Math.round(msMax / 1_000)} s` : 'the process died'
    },
  }
}

const MEMORY = '/dev/shm'
/** The stores of the tests need a hundredth of it. Containers often have less. */
const MEMORY_BYTES_MIN = 1024 ** 3

/** In memory a store is there five times as soon, and no test here asks the disk for anything but files. */
function fastestFolder(): string {
  if (!existsSync(MEMORY)) return tmpdir()
  const { bavail, bsize } = statfsSync(MEMORY)
  return bavail * bsize < MEMORY_BYTES_MIN ? tmpdir() : MEMORY
}

type Started = { readonly runner: ChildProcess; readonly testFiles: readonly string[] }

async function start(task: RunnerTask, folder: string): Promise<Started> {
  const runner = fork(join(import.meta.dirname, 'runner.ts'), {
    // A group of its own: the workers of the test runner end with it.
    detached: true,
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, TMPDIR: folder },
  })
  const answered = answerOf(runner)
  runner.send(task)
  const answer = await answered
  if (answer !== undefined && 'testFiles' in answer) return { runner, testFiles: answer.testFiles }
  throw new Error('the test runner did not start')
}

async function answerOf(runner: ChildProcess): Promise<FromRunner | undefined> {
  const over = new AbortController()
  const { signal } = over
  try {
    const message = once(runner, 'message', { signal }).then(([answer]) => answer as FromRunner)
    return await Promise.race([message, once(runner, 'exit', { signal }).then(() => undefined)])
  } finally {
    over.abort()
  }
}

/** undefined: it took longer. */
async function within<T>(ms: number, promise: Promise<T>): Promise<{ readonly value: T } | undefined> {
  const late = Promise.withResolvers<undefined>()
  const timer = setTimeout(late.resolve, ms, undefined)
  try {
    return await Promise.race([promise.then((value) => ({ value })), late.promise])
  } finally {
    clearTimeout(timer)
  }
}

function end({ pid, exitCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // It has ended by itself meanwhile.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
