import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../load.ts'
import { requestText } from '../request-text.ts'

const START_MS_MAX = 30_000

/** A gateway of the machine, in the foreground, once it refuses a request without a key. */
export async function startGateway(
  program: string,
  args: readonly string[],
  port: number,
): Promise<AsyncDisposable & { readonly child: ChildProcess }> {
  const child = spawn(program, args, {
    // Where Debian has them, which is not in every user's PATH.
    env: { PATH: `${process.env.PATH ?? ''}:/usr/sbin` },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const gone = once(child, 'exit').catch((error: unknown) => {
    throw new Error(`${program} must be installed to be compared with: apt-get install ${program}`, {
      cause: error,
    })
  })
  await Promise.race([gone, untilAnswering(port)])
  if (child.exitCode !== null) throw new Error(`${program} did not start`)
  return {
    child,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await gone
    },
  }
}

async function untilAnswering(port: number): Promise<void> {
  const endsAtMs = performance.now() + START_MS_MAX
  for (;;) {
    const answer = await ask(port, requestText('GET', '/')).catch(() => undefined)
    if (answer?.status === 401) return
    if (performance.now() > endsAtMs) throw new Error(`nothing answers at the port ${port}`)
    await sleep(20)
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port is free')
  return address.port
}
