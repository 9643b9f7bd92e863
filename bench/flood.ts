import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

/** What a flood is made of; the requests are sent in turn. */
export type FloodOrder = {
  readonly port: number
  readonly connections: number
  readonly requests: readonly Uint8Array[]
}

/** Sends requests over many connections until it is told to stop, in a thread of its own. */
export type Flood = {
  /** How many answers came, by status. */
  stop(): Promise<Readonly<Record<string, number>>>
}

/** Resolves when the first answer is there. */
export async function startFlood(order: FloodOrder): Promise<Flood> {
  const worker = new Worker(fileURLToPath(new URL('./flood-worker.ts', import.meta.url)), {
    workerData: order,
  })
  await once(worker, 'message')
  return {
    async stop() {
      const counted = once(worker, 'message')
      worker.postMessage('stop')
      const [counts] = await counted
      await worker.terminate()
      return counts
    },
  }
}
