import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { cpuSecondsOf } from './cpu-time.ts'
import { ask, runLoad } from './load.ts'
import { requestText } from './request-text.ts'
import type { Target } from './rounds.ts'
import type { BenchStore } from './stores.ts'

const LATCHKEY = fileURLToPath(new URL('../packages/cli/bin/latchkey.js', import.meta.url))

/** The servers to compare with: as little as can be, each in a process of its own. */
const BARE = {
  constant: new URL('./bare/constant.ts', import.meta.url),
  json: new URL('./bare/json.ts', import.meta.url),
  form: new URL('./bare/form.ts', import.meta.url),
  fastify: new URL('./bare/fastify.ts', import.meta.url),
  polls: new URL('./bare/polls.ts', import.meta.url),
}

/** A server in a process of its own. */
export type Running = AsyncDisposable & { readonly port: number; readonly pid: number }

export function startBare(name: keyof typeof BARE): Promise<Running> {
  return startScript([fileURLToPath(BARE[name])], {}, /^port (\d+)$/m)
}

type ServeOptions = { readonly dataDir: string; readonly serverSecret: string }

type StartOptions = {
  /** Of the package, in place of the source. */
  readonly launcher?: string
  /** Processes that share the port. */
  readonly workers?: number
}

/** The service as people run it, but for the log: a line a request would measure the log. */
export function startLatchkey(
  store: ServeOptions,
  { launcher, workers = 1 }: StartOptions = {},
): Promise<Running> {
  return startServing({ ...settingsOf(store), LATCHKEY_WORKERS: String(workers) }, launcher)
}

const settingsOf = ({ dataDir, serverSecret }: ServeOptions) => ({
  LATCHKEY_DATA_DIR: dataDir,
  LATCHKEY_SECRET: serverSecret,
  LATCHKEY_LOG_LEVEL: 'warn',
  LATCHKEY_TRUSTED_PROXIES: '127.0.0.0/8',
})

/** A service that can tell how long its event loop was held. */
export type Watched = Running & {
  /** The longest turn of the event loop while `work` was done, in milliseconds. */
  longestTurnMs(work: () => Promise<unknown>): Promise<number>
}

export async function startWatched(store: ServeOptions): Promise<Watched> {
  const gauge = new URL('./loop-gauge.ts', import.meta.url)
  const command = ['--import', gauge.href, LATCHKEY, 'serve']
  // Wrong credentials are worked on, however many: to refuse them for their number costs less.
  const settings = { ...SERVING, ...settingsOf(store), LATCHKEY_FAILED_AUTH_PER_MINUTE: '1000000' }
  const running = await startScript(command, settings, LISTENING)
  const signalled = (answer: RegExp) => {
    const answered = announcement(running.child, answer)
    running.child.kill('SIGUSR2')
    return answered
  }
  return {
    ...running,
    async longestTurnMs(work) {
      await signalled(/(watching turns)/)
      await work()
      return Number(await signalled(/longest turn ([\d.]+) ms/))
    },
  }
}

/** Whatever port is free; and when told to stop, at once. */
export const SERVING = { PORT: '0', LATCHKEY_DRAIN_SECONDS: '0' }
export const LISTENING = /API +http:\/\/127\.0\.0\.1:(\d+)/

export function startServing(
  settings: Readonly<Record<string, string>>,
  launcher = LATCHKEY,
): Promise<Running> {
  return startScript([launcher, 'serve'], { ...SERVING, ...settings }, LISTENING)
}

/** Nothing is left running, however this process ends. */
const children = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of children) child.kill('SIGTERM')
})

/** Starts a script of Node; its port is the first group of `announced` in what it prints. */
export async function startScript(
  command: readonly string[],
  settings: Readonly<Record<string, string>>,
  announced: RegExp,
): Promise<Running & { readonly child: ChildProcess }> {
  const child = spawn(process.execPath, [...profilerOptions(), ...command], {
    env: { PATH: process.env.PATH ?? '', ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.add(child)
  child.once('exit', () => children.delete(child))
  try {
    const port = Number(await announcement(child, announced))
    return { port, pid: child.pid!, child, [Symbol.asyncDispose]: () => stop(child) }
  } catch (error) {
    await stop(child)
    throw error
  }
}

/** What the first group of `announced` is in what the child prints from now on. */
function announcement(child: ChildProcess, announced: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    const fail = () => reject(new Error(`the server ended: ${output}`))
    const read = (chunk: string) => {
      output += chunk
      const found = announced.exec(output)?.[1]
      if (found === undefined) return
      child.stdout?.off('data', read)
      child.off('exit', fail)
      resolve(found)
    }
    child.stdout?.setEncoding('utf8').on('data', read)
    child.once('exit', fail)
  })
}

/** BENCH_CPU_PROF=<directory>: each server leaves a profile there, for whoever looks for where the time goes. */
function profilerOptions(): string[] {
  const directory = process.env.BENCH_CPU_PROF
  return directory === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${directory}`]
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}

type RateOptions = {
  readonly durationMs: number
  readonly next: () => Buffer
  readonly status?: number
  readonly connections?: number
}

/** Requests per CPU second of the server: what it costs, whoever else the machine is busy with. */
export function ratePerCpuSecond(server: Running, options: RateOptions): Target {
  return async () => {
    const before = cpuSecondsOf(server.pid)
    const answered = await runLoad({ port: server.port, ...options })
    return answered / (cpuSecondsOf(server.pid) - before)
  }
}

/** Long enough for the slowest machine; a warm-up ends by its count. */
const WARM_UP_MS_MAX = 60_000

/** Before the first round: code is compiled and memory filled, as in a service that has run for a while. */
export async function warmUp(server: Running, options: RateOptions, answersMax: number): Promise<void> {
  await runLoad({ port: server.port, ...options, durationMs: WARM_UP_MS_MAX, answersMax })
}

/**
 * Until what a warm-up left to be written is written. A service that has run for a while writes each key in use once a
 * minute, and adds to counts that are there, a little at a time; all of them at once, and the first counts of each key,
 * would fall into the rounds.
 */
export async function settled(server: Running, { adminKey }: Pick<BenchStore, 'adminKey'>): Promise<void> {
  await quiet(server)
  // Whoever asks for counts has those written that are in memory: of the process that is asked, which differs.
  const usage = requestText('GET', '/usage', { headers: { 'x-api-key': adminKey } })
  for (let asked = 0; asked < PROCESSES_ASKED; asked++) {
    const { status, body } = await ask(server.port, usage)
    if (status !== 200) throw new Error(`GET /usage was answered ${status}: ${body.slice(0, 300)}`)
  }
  await quiet(server)
}

/** Enough that each of two processes is among them. */
const PROCESSES_ASKED = 8
/** Longer than a use of a key waits to be written. */
const QUIET_MS = 1_500

/** Until nothing is written any more. */
export async function quiet(server: Running): Promise<void> {
  let known = -1
  for (;;) {
    const { body } = await ask(server.port, requestText('GET', '/metrics'))
    const commits = Number(/^latchkey_store_commit_duration_seconds_count (\d+)$/m.exec(body)?.[1] ?? 0)
    if (commits === known) return
    known = commits
    await sleep(QUIET_MS)
  }
}

/** Verifications answered from memory, and those that read the store, since the start of the service. */
export async function cacheCounts(server: Running): Promise<{ hits: number; loads: number }> {
  const { body } = await ask(server.port, requestText('GET', '/metrics'))
  const read = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(body)?.[1])
  return { hits: read('latchkey_cache_hits_total'), loads: read('latchkey_cache_loads_total') }
}
