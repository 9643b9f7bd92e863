import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LATCHKEY, NODE } from './program.ts'

type Settings = Readonly<Record<string, string>>

type Ended = {
  /** null when a signal ended it. */
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A process of ours while it runs. */
type Running = {
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  readonly ended: Promise<Ended>
  /** Resolves as soon as either output holds the pattern; throws when the process ends without it. */
  readonly printed: (pattern: RegExp) => Promise<RegExpExecArray>
  /** Sends the signal and waits for the end, whatever it is. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<Ended>
}

/** A service that said it is ready. */
type Service = Running & { readonly url: string }

type StartOptions = {
  readonly settings?: Settings
  /** The command as it is to be run, given the plain one: under a limit, a tracer, a terminal. */
  readonly wrap?: (command: readonly string[]) => readonly string[]
}

/** A temporary directory with a data directory in it, and every process started there. */
export type Home = {
  readonly directory: string
  /** Not made yet: the first command makes it. */
  readonly dataDir: string
  readonly start: (args: readonly string[], options?: StartOptions) => Running
  readonly serve: (options?: StartOptions) => Promise<Service>
  /** Runs a command to its end. */
  readonly run: (args: readonly string[], settings?: Settings) => Promise<Ended>
  /** The key that the first start put into its file. */
  readonly adminKey: () => string
  /** Kills what still runs. */
  readonly killAll: () => Promise<void>
  /** The same, and removes the directory. */
  readonly dispose: () => Promise<void>
}

/** `program`: another launcher than the one that all tests start. */
export function createHome(program = LATCHKEY): Home {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-e2e-'))
  const dataDir = join(directory, 'data')
  const started: Running[] = []

  function start(args: readonly string[], { settings = {}, wrap = (plain) => plain }: StartOptions = {}) {
    const [file = '', ...rest] = wrap([NODE, program, ...args])
    const env = {
      PATH: process.env.PATH ?? '',
      LATCHKEY_DATA_DIR: dataDir,
      PORT: '0',
      LATCHKEY_DRAIN_SECONDS: '0',
      ...settings,
    }
    const running = watch(spawn(file, rest, { cwd: directory, env }))
    started.push(running)
    return running
  }

  async function killAll(): Promise<void> {
    await Promise.all(started.map(({ stop }) => stop('SIGKILL')))
  }

  return {
    directory,
    dataDir,
    start,
    async serve(options) {
      const running = start(['serve'], options)
      await running.printed(/Ctrl-C stops it/)
      const [, url = ''] = await running.printed(/API +(http:\S+)/)
      return { ...running, url }
    },
    run(args, settings = {}) {
      const running = start(args, { settings })
      running.child.stdin?.end()
      return running.ended
    },
    adminKey: () => readFileSync(join(dataDir, 'admin.key'), 'utf8').trim(),
    killAll,
    async dispose() {
      await killAll()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/**
 * A terminal of its own around the command: standard output is one, unless it goes to a file, and Ctrl-C can be typed.
 */
export function atTerminal(command: readonly string[], file?: string): readonly string[] {
  const to = file === undefined ? '' : ` > '${file}'`
  const line = command.map((part) => `'${part}'`).join(' ') + to
  // exec: a shell in between would get the Ctrl-C too, and its exit code would be the one seen.
  // Without a width each character of a question would be a line.
  return ['script', '-qec', `stty cols 120; exec ${line}`, '/dev/null']
}

function watch(child: ChildProcess): Running {
  let stdout = ''
  let stderr = ''
  const waiting = new Set<() => void>()
  const look = () => {
    for (const again of waiting) again()
  }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    look()
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    look()
  })
  // What is written to a process that has ended is lost, and that is no failure of a test.
  child.stdin?.on('error', () => {})
  let isOver = false
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr }))
  }).finally(() => {
    isOver = true
    look()
  })
  // Whoever waits for the end gets this failure; nobody has to.
  ended.catch(() => {})

  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const again = () => {
          const found = pattern.exec(stdout) ?? pattern.exec(stderr)
          if (found === null && !isOver) return
          waiting.delete(again)
          if (found === null) reject(new Error(`it ended without ${pattern}:\n${stdout}${stderr}`))
          else resolve(found)
        }
        waiting.add(again)
        again()
      }),
    stop(signal = 'SIGTERM') {
      if (!isOver) child.kill(signal)
      return ended
    },
  }
}
