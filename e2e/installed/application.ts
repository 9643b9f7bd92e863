import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

export type Application = {
  /** What the first line that matched has said. */
  readonly said: string
  stop(): Promise<void>
  /** As whoever runs it ends it; answers its exit code. */
  end(): Promise<number | null>
}

/** Starts a program and waits for a line of it; answers what is in the first group. */
export async function startApplication(
  [program = '', ...args]: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  line: RegExp,
): Promise<Application> {
  // A group of its own: what it starts ends with it.
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  return {
    said: await firstMatch(child, line),
    stop: () => stop(child),
    async end() {
      const ended = once(child, 'close')
      child.kill('SIGTERM')
      const [code] = await ended
      return code as number | null
    },
  }
}

function firstMatch(child: ChildProcess, line: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      const found = line.exec(text)
      if (found !== null) resolve(found[1] ?? '')
    })
    child.once('close', (code) => reject(new Error(`it ended with ${code} before ${line}: ${text}`)))
  })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'close')
  process.kill(-child.pid!, 'SIGKILL')
  await ended
}
