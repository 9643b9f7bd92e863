import cluster, { type Worker } from 'node:cluster'
import { ConfigError } from './config-error.ts'
import type { Started } from './start-and-stop.ts'
import type { Starter } from './starter.ts'
import { passedOn, type StopSignal, untilToldToStop } from './stop-signals.ts'

/** A worker that ended by itself is replaced after this long, in milliseconds, so that a broken one does not spin. */
const RESTART_MS = 1_000
/** A worker ends itself when its stop takes too long. One that stands still cannot, and is ended so much later. */
const STILL_MS = 2_000

export type Workers = Started & {
  /** Resolves when this process, and with it all workers, was told to stop. */
  readonly stopping: Promise<StopSignal>
  /**
   * Rejects with an Error when one of them ended otherwise than well after that. Those that have not ended when their time
   * is over are ended.
   */
  untilGone(): Promise<void>
}

/** Says, in a worker, that it serves. */
export function announceWorker({ url, unready }: Started): void {
  process.send?.({ started: { url, unready } })
}

type Options = {
  readonly count: number
  /** How long each takes to end at most, as long as it goes on. */
  readonly stopMsMaxAfter: (signal: StopSignal) => number
  readonly starter: Starter | undefined
  /** Hears of each that ended by itself. */
  readonly onEnded: (ended: { readonly pid: number | undefined; readonly how: string }) => void
}

/**
 * Starts processes that share the port. One that ends is replaced. Throws Error when one cannot start, after
 * which none is left.
 */
export async function runWorkers({ count, stopMsMaxAfter, starter, onEnded }: Options): Promise<Workers> {
  let isStopping = false
  let endedBadly = 0
  const stop = (signal: StopSignal) => {
    isStopping = true
    stopAll(signal)
    setTimeout(killAll, stopMsMaxAfter(signal) + STILL_MS).unref()
    return signal
  }
  const stopping = untilToldToStop(starter).then(stop)
  const started = await Promise.all(Array.from({ length: count }, () => startWorker())).catch(
    async (error: unknown) => {
      const wasStopping = isStopping
      stop('SIGINT')
      await allGone()
      if (!wasStopping) throw error
      process.exit(0)
    },
  )
  cluster.on('exit', (worker, code, signal) => {
    if (isStopping) {
      // One that still started held nothing.
      if (code !== 0 && serving.has(worker)) endedBadly += 1
      return
    }
    onEnded({ pid: worker.process.pid, how: signal ?? String(code) })
    setTimeout(() => {
      if (isStopping) return
      // What kept it from starting it has said itself; its end is met here again.
      startWorker().catch(() => {})
    }, RESTART_MS)
  })
  return {
    url: started[0]!.url,
    unready: started.find(({ unready }) => unready !== undefined)?.unready,
    stopping,
    async untilGone() {
      await allGone()
      if (endedBadly > 0) throw new WorkersCutOff(endedBadly)
    },
  }
}

function startWorker(): Promise<Started> {
  return new Promise((resolve, reject) => {
    const worker = cluster.fork()
    // It may ask for the figures of the others before.
    worker.on('message', ({ started }: { readonly started?: Started }) => {
      if (started === undefined) return
      serving.add(worker)
      resolve(started)
    })
    // What is said to one that has just ended cannot be sent. That it ended is heard of by itself.
    worker.on('error', (error: NodeJS.ErrnoException) => {
      if (error.syscall !== 'write') throw error
    })
    // It has said on standard error what was wrong.
    worker.once('exit', () => reject(new WorkerFailed()))
  })
}

/** A process could not start and has said why. */
class WorkerFailed extends ConfigError {
  constructor() {
    super('a process could not start, for the reason above')
  }
}

/** What was in flight there, or counted and not written yet, may be lost: it is no good end. */
class WorkersCutOff extends ConfigError {
  constructor(count: number) {
    super(`${count} of the processes ended before they had stored what they held in memory`)
  }
}

const living = (): Worker[] => Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)

/** Those that said so; one that still starts hears nothing. */
const serving = new WeakSet<Worker>()

function stopAll(signal: StopSignal): void {
  for (const worker of living()) {
    if (serving.has(worker) && worker.isConnected()) worker.send(passedOn(signal))
    else worker.process.kill('SIGTERM')
  }
}

function killAll(): void {
  for (const { process: stuck } of living()) {
    process.stderr.write(`latchkey: the process ${stuck.pid} does not end, and is ended.\n`)
    stuck.kill('SIGKILL')
  }
}

async function allGone(): Promise<void> {
  while (living().length > 0) await new Promise((resolve) => cluster.once('exit', resolve))
}
