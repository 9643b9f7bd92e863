import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type { Answered, Asked } from './command-host.ts'

const HOST = join(import.meta.dirname, 'command-host.ts')

export type Commands = {
  /** A directory of its own, in which the commands run. */
  readonly directory: string
  /** Runs a command in the process that all commands of the file share: a start of its own takes a second of one core. */
  run(args: readonly string[], settings?: Readonly<Record<string, string>>): Promise<Answered>
}

/** The command line for all tests of a file, or of a `describe`. */
export function useCommands(): Commands {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-commands-'))
  const env = { PATH: process.env.PATH ?? '', LATCHKEY_DATA_DIR: join(directory, 'data'), PORT: '0' }
  let host: ChildProcess
  beforeAll(() => {
    host = fork(HOST, { cwd: directory, env, execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  })
  afterAll(() => {
    host.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  })
  return {
    directory,
    async run(args, settings = {}) {
      const ended = new AbortController()
      const { signal } = ended
      const over = once(host, 'exit', { signal }).then(([code]) => {
        throw new Error(`the process ended with ${code} at ${args.join(' ')}`)
      })
      over.catch(() => {})
      host.send({ args, env: { ...env, ...settings } } satisfies Asked)
      try {
        const [answered] = await Promise.race([once(host, 'message', { signal }), over])
        return answered
      } finally {
        ended.abort()
      }
    },
  }
}
