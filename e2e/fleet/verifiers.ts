import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const SCRIPT = fileURLToPath(new URL('verifier-program.ts', import.meta.url))

/** A verifier in a process of its own. */
export type VerifierProcess = {
  readonly name: string
  /** What it says of a key now: the code of the verdict, or of what kept it from one. */
  verify(secret: string): Promise<string>
  freeze(): void
  thaw(): void
  dispose(): Promise<void>
}

/** Starts one, connected to a server; answers when its memory may answer. */
export async function startVerifier(name: string, url: string, key: string): Promise<VerifierProcess> {
  const child = fork(SCRIPT, [JSON.stringify({ url, key })], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const waiting = new Map<number, (code: string) => void>()
  let asked = 0
  child.on('message', ({ ask, code }: { ask: number; code: string }) => {
    waiting.get(ask)?.(code)
    waiting.delete(ask)
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  await new Promise<string>((resolve, reject) => {
    waiting.set(0, resolve)
    exited.then(() => reject(new Error(`${name} did not become ready`)))
  })
  return {
    name,
    verify(secret) {
      asked += 1
      const ask = asked
      return new Promise((resolve) => {
        waiting.set(ask, resolve)
        child.send({ ask, secret })
      })
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async dispose() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
