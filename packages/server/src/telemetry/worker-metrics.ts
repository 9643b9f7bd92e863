import cluster from 'node:cluster'
import { AppError } from '@latchkey/core/error'
import { AggregatorRegistry, type Registry } from 'prom-client'

/** The parent waits five seconds for a worker that says nothing; whoever asked it waits a little longer. Milliseconds. */
const ANSWER_MS_MAX = 6_000

/** From a worker: its number of the question. From the parent: the same, with the answer or what went wrong. */
type Message = { readonly metricsAsked: number; readonly text?: string; readonly failure?: string }

/**
 * Of all workers that share the port, whichever is asked. Call in a worker, with its own figures, which it then
 * gives the parent whenever that asks. What it answers throws AppError `unavailable` while
 * one of the workers stands still.
 */
export function shareMetrics(own: Registry): () => Promise<string> {
  AggregatorRegistry.setRegistries(own)
  // Made for its listener, which answers the parent.
  new AggregatorRegistry()
  const waiting = new Map<number, (answer: Message) => void>()
  let asked = 0
  process.on('message', (message: Partial<Message>) => {
    if (message.metricsAsked === undefined) return
    waiting.get(message.metricsAsked)?.({ ...message, metricsAsked: message.metricsAsked })
  })
  return async () => {
    asked += 1
    const question: Message = { metricsAsked: asked }
    const { promise, resolve } = Promise.withResolvers<Message>()
    const timer = setTimeout(
      () => resolve({ ...question, failure: 'the parent does not answer' }),
      ANSWER_MS_MAX,
    )
    waiting.set(question.metricsAsked, resolve)
    process.send?.(question)
    const { text, failure } = await promise
    clearTimeout(timer)
    waiting.delete(question.metricsAsked)
    if (text === undefined) {
      throw new AppError('unavailable', `One of the processes does not tell its figures (${failure}).`, {
        retryAfterSeconds: 5,
      })
    }
    return text
  }
}

/** In the parent of the workers: answers each of them what all of them have counted. */
export function answerWorkersMetrics(): void {
  const all = new AggregatorRegistry()
  cluster.on('message', async (worker, { metricsAsked }: Partial<Message>) => {
    if (metricsAsked === undefined) return
    const answer = await all.clusterMetrics().then(
      (text) => ({ text }),
      (error: unknown) => ({ failure: error instanceof Error ? error.message : String(error) }),
    )
    if (worker.isConnected()) worker.send({ metricsAsked, ...answer } satisfies Message)
  })
}
