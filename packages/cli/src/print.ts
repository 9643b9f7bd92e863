import { ConfigError } from './config-error.ts'

/** Standard output takes nothing any more: its reader has left, or the disk under it is full. */
class OutputLost extends ConfigError {
  readonly code: string | undefined

  constructor({ code, message }: NodeJS.ErrnoException) {
    super(`Standard output could not be written (${message}).`)
    this.code = code
  }
}

/** Writes to standard output and answers when it is written, for what must not get lost. Throws OutputLost. */
export function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(new OutputLost(error)) : resolve()))
  })
}

/** The same for a secret that is stored nowhere. `instead` says what to do when nobody can have read it. */
export async function printSecret(text: string, instead: string): Promise<void> {
  try {
    await print(text)
  } catch (error) {
    throw error instanceof OutputLost ? new ConfigError(`${error.message} ${instead}`) : error
  }
}

/**
 * A reader who leaves, a terminal that is closed, a full disk under a log: no reason to end. Without a listener Node
 * ends with a stack at the next line that is written.
 */
export function goOnWithoutReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
}

export const isReaderGone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EPIPE'

/** How long a reader who stands still holds up the end. */
const LAST_WORDS_MS_MAX = 1_000

/** Ends the process. What is still to be read of its output waits for its reader, who may stand still, only so long. */
export async function exitWithoutReaders(exitCode: number): Promise<never> {
  const timer = setTimeout(() => process.exit(exitCode), LAST_WORDS_MS_MAX)
  for (const stream of [process.stdout, process.stderr]) {
    // Called when all that was written before is gone, or cannot go.
    await new Promise((resolve) => stream.write('', resolve))
  }
  clearTimeout(timer)
  process.exit(exitCode)
}
