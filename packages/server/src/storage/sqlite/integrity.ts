import { Worker } from 'node:worker_threads'
import { StoreError } from '../engine.ts'

const TICK_MS = 1_000

/** The check did not begin: that says nothing of the file. */
export class CheckNotRun extends Error {}

/**
 * Reads the whole file and checks every page, row and index. Answers what is wrong, nothing when all is well.
 * Throws CheckNotRun, or what SQLite throws.
 * Runs in a thread of its own, because SQLite tells nothing until it is done; `onTick` is called meanwhile.
 */
export async function checkIntegrity(file: string, onTick: (seconds: number) => void): Promise<string[]> {
  const worker = start(file)
  let seconds = 0
  const timer = setInterval(() => {
    seconds += TICK_MS / 1_000
    onTick(seconds)
  }, TICK_MS)
  try {
    return await new Promise<string[]>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', (error) =>
        reject(isOfSqlite(error) ? error : new CheckNotRun('not run', { cause: error })),
      )
    })
  } finally {
    clearInterval(timer)
    await worker.terminate()
  }
}

/** Where this process may have no more threads, nothing was looked at. */
function start(file: string): Worker {
  try {
    return new Worker(new URL('./integrity-worker.ts', import.meta.url), { workerData: file })
  } catch (error) {
    throw new CheckNotRun('not run', { cause: error })
  }
}

const isOfSqlite = (error: unknown): boolean =>
  error instanceof StoreError || (error as NodeJS.ErrnoException).code === 'ERR_SQLITE_ERROR'
