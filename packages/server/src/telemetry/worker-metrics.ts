import cluster, { type Worker } from 'node:cluster'
import { AppError } from '@latchkey/core/error'
import type { Registry } from 'prom-client'
import { createAllFigures, type Figures } from './all-figures.ts'
import { oneAtATime } from './one-at-a-time.ts'

/** The parent waits so long for a worker that says nothing, in milliseconds. */
const FIGURES_MS_MAX = 5_000
/** Whoever asked the parent waits a little longer. */
const ANSWER_MS_MAX = 6_000

type FromWorker = {
  /** It can be asked for its figures from now on. */
  readonly hasFigures?: true
  readonly figures?: Figures
  /** Why it has none. */
  readonly failure?: string
  /** Its number of a question for the figures of all. */
  readonly metricsAsked?: number
}

type FromParent = {
  readonly areFiguresAsked?: true
  /** The number of the question, with the answer or what went wrong. */
  readonly metricsAnswered?: number
  readonly text?: string
  readonly failure?: string
}

/**
 * Gives the figures of all workers that share the port, whichever worker is asked. Call it in a worker, with the
 * worker's own figures, which it gives the parent on request. The function it returns throws AppError `unavailable`
 * while one of the workers stands still.
 */
export function shareMetrics(own: Registry): () => Promise<string> {
  const waiting = new Map<number, (answer: FromParent) => void>()
  let asked = 0
  const tell = (message: FromWorker) => process.send?.(message)
  process.on('message', async (message: FromParent) => {
    if (message.areFiguresAsked) {
      tell(
        await own.getMetricsAsJSON().then(
          (figures) => ({ figures }),
          (error: unknown) => ({ failure: reasonOf(error) }),
        ),
      )
    }
    if (message.metricsAnswered !== undefined) waiting.get(message.metricsAnswered)?.(message)
  })
  tell({ hasFigures: true })
  return async () => {
    asked += 1
    const question = asked
    const { promise, resolve } = Promise.withResolvers<FromParent>()
    const timer = setTimeout(() => resolve({ failure: 'the parent does not answer' }), ANSWER_MS_MAX)
    waiting.set(question, resolve)
    tell({ metricsAsked: question })
    const { text, failure } = await promise
    clearTimeout(timer)
    waiting.delete(question)
    if (text === undefined) {
      throw new AppError('unavailable', `One of the processes does not tell its figures (${failure}).`, {
        retryAfterSeconds: 5,
      })
    }
    return text
  }
}

/** In the parent of the workers: answers each of them what all of them, and those before them, have counted. */
export function answerWorkersMetrics(): void {
  const all = createAllFigures()
  const collection = createCollection()
  const write = oneAtATime(async () => {
    await collection.begin()
    return all.text()
  })
  cluster.on('message', async (worker, message: FromWorker) => {
    const { hasFigures, figures, failure, metricsAsked } = message
    if (hasFigures) collection.join(worker)
    if (figures !== undefined) all.note(worker.id, figures)
    if (figures !== undefined || failure !== undefined) collection.answered(worker, failure)
    if (metricsAsked === undefined) return
    const answer = await write().then(
      (text) => ({ text }),
      (error: unknown) => ({ failure: reasonOf(error) }),
    )
    send(worker, { metricsAnswered: metricsAsked, ...answer })
  })
  const end = (worker: Worker) => {
    // What it said last may still be on its way.
    if (worker.isConnected()) return
    all.end(worker.id)
    collection.leave(worker)
  }
  cluster.on('disconnect', end)
  // Node tells of no disconnection while a connection was being handed over to the one that ended.
  cluster.on('exit', end)
}

/** Asks all that can be asked, one round after the other, and knows who has not answered. */
function createCollection() {
  /** One that still starts has counted nothing, and is not waited for. */
  const sharing = new Set<Worker>()
  /** Those that owe an answer, perhaps to an earlier round. One that stands still is not asked again. */
  const owing = new Set<Worker>()
  let missing = new Set<Worker>()
  let round = Promise.withResolvers<void>()
  const answered = (worker: Worker, failure?: string) => {
    owing.delete(worker)
    missing.delete(worker)
    if (failure !== undefined) round.reject(new Error(failure))
    if (missing.size === 0) round.resolve()
  }
  return {
    join: (worker: Worker) => void sharing.add(worker),
    leave(worker: Worker) {
      sharing.delete(worker)
      answered(worker)
    },
    answered,
    /** Resolves when all have answered that have not ended meanwhile. Rejects with Error when one says nothing. */
    begin(): Promise<void> {
      missing = new Set(sharing)
      round = Promise.withResolvers()
      const timer = setTimeout(() => round.reject(new Error('it says nothing')), FIGURES_MS_MAX)
      for (const worker of missing) {
        if (!owing.has(worker)) send(worker, { areFiguresAsked: true })
        owing.add(worker)
      }
      if (missing.size === 0) round.resolve()
      return round.promise.finally(() => clearTimeout(timer))
    },
  }
}

function send(worker: Worker, message: FromParent): void {
  if (worker.isConnected()) worker.send(message)
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
