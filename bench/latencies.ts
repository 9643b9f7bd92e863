import { runLoad } from './load.ts'
import type { Running } from './running.ts'

type Asking = { readonly durationMs: number; readonly next: () => Buffer; readonly sleeps?: boolean }

/** How long each answer took, in milliseconds, the shortest first: one caller, who waits for each before he asks again. */
export async function latenciesMs({ port }: Running, asking: Asking): Promise<readonly number[]> {
  const latencies: number[] = []
  await runLoad({
    port,
    ...asking,
    connections: 1,
    onLatency: (latencyMs) => latencies.push(latencyMs),
  })
  return latencies.sort((left, right) => left - right)
}

/** What this share of them is not above. */
export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
