import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { LATCHKEY, NODE } from '../program.ts'

/** Servers are often not on the path of a user who is not root. */
const SERVER_DIRECTORIES = ['/usr/sbin', '/usr/local/sbin', '/sbin']
const START_TIMEOUT_MS = 20_000
const RETRY_MS = 20

/** The full path of an installed program; undefined: there is none. */
export function findProgram(name: string): string | undefined {
  const directories = [...(process.env.PATH ?? '').split(delimiter), ...SERVER_DIRECTORIES]
  return directories
    .map((directory) => join(directory, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

/** Everything a program prints about itself. */
export function printed(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, args, (_error, stdout, stderr) => resolve(stdout + stderr))
  })
}

export type RunningProgram = { readonly output: () => string; stop(): Promise<void> }

/**
 * Starts a server in the foreground, and answers when its port takes connections. `account`: whom it runs as, where
 * that is not who runs the tests.
 */
export async function startProgram(
  program: string,
  args: readonly string[],
  port: number,
  options: Pick<SpawnOptions, 'uid' | 'gid' | 'env'> = {},
): Promise<RunningProgram> {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += String(chunk)
    })
  }
  const deadlineMs = performance.now() + START_TIMEOUT_MS
  while (!(await takesConnections(port))) {
    if (child.exitCode !== null || performance.now() > deadlineMs) {
      await stop(child)
      throw new Error(`${program} did not start: ${output}`)
    }
    await wait(RETRY_MS)
  }
  return { output: () => output, stop: () => stop(child) }
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  // A stopped process hears nothing but this.
  child.kill('SIGCONT')
  child.kill('SIGTERM')
  await exited
}

export type RunningLatchkey = {
  readonly port: number
  readonly adminKey: string
  /** Everything it logged. */
  readonly log: () => string
  /** Lets it hang: it takes connections and answers nothing. */
  freeze(): void
  thaw(): void
  stop(): Promise<void>
}

/** A Latchkey of its own that trusts gateways on 127.0.0.1. */
export async function startLatchkey(settings: Readonly<Record<string, string>>): Promise<RunningLatchkey> {
  const home = mkdtempSync(join(tmpdir(), 'latchkey-gateway-'))
  const keyFile = join(home, 'admin.key')
  const child = spawn(NODE, [LATCHKEY, 'serve'], {
    env: {
      PATH: process.env.PATH ?? '',
      PORT: '0',
      LATCHKEY_DRAIN_SECONDS: '0',
      LATCHKEY_DATA_DIR: join(home, 'store'),
      LATCHKEY_BOOTSTRAP_KEY_FILE: keyFile,
      LATCHKEY_TRUSTED_PROXIES: '127.0.0.1',
      ...settings,
    },
  })
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => {
    log += String(chunk)
  })
  return {
    port: await portOf(child, () => log),
    adminKey: readFileSync(keyFile, 'utf8').trim(),
    log: () => log,
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
    async stop() {
      await stop(child)
      rmSync(home, { recursive: true, force: true })
    },
  }
}

async function portOf(child: ChildProcess, log: () => string): Promise<number> {
  let output = ''
  for await (const chunk of child.stdout!.iterator({ destroyOnReturn: false })) {
    output += String(chunk)
    const port = /API +http:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1]
    if (port !== undefined && output.includes('Ctrl-C')) {
      child.stdout!.resume()
      return Number(port)
    }
  }
  throw new Error(`the service did not start: ${output} ${log()}`)
}
