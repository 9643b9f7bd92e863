import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** An application with the installed client, whose verifier is asked through its standard input. */
export type InstalledVerifier = {
  readonly child: ChildProcess
  ask(question: string): Promise<unknown>
  /** Ends its input, and waits until it ends by itself; answers its exit code. */
  end(): Promise<number | null>
}

/** `command`: the program and its arguments, the script among them. */
export function startInstalledVerifier(
  [program = '', ...args]: readonly string[],
  cwd: string,
  settings: Readonly<Record<string, string>>,
): InstalledVerifier {
  const child = spawn(program, args, {
    cwd,
    env: { PATH: process.env.PATH ?? '', ...settings },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
  return {
    child,
    async ask(question) {
      child.stdin!.write(`${question}\n`)
      const { value, done } = await lines.next()
      if (done) throw new Error(`the process ended instead of answering ${question}`)
      return JSON.parse(value)
    },
    async end() {
      const ended = once(child, 'close')
      child.stdin!.end()
      const [code] = await ended
      return code as number | null
    },
  }
}
