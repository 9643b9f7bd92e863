import type { Address } from '@latchkey/core/address'
import { createBoundedMap } from '@latchkey/core/bounded-map'
import { networkOf } from '@latchkey/core/network'

const WINDOW_MS = 60_000
/** Networks counted at once, about 100 bytes each; the oldest is let go first. */
const NETWORKS_MAX = 50_000

type Window = { readonly startedAtMs: number; failures: number }

/** Counts failed credentials by where they come from. Only failures are charged, after the check. */
export type FailedAttempts = {
  /** Notes a failure. Answers whole seconds to wait when this one is over the limit, else undefined. */
  note(address: Address | undefined, nowMs: number): number | undefined
}

export function createFailedAttempts(perMinuteMax: number): FailedAttempts {
  const windows = createBoundedMap<string, Window>(NETWORKS_MAX)

  function windowOf(network: string, nowMs: number): Window {
    const known = windows.get(network)
    if (known !== undefined && nowMs >= known.startedAtMs && nowMs < known.startedAtMs + WINDOW_MS)
      return known
    const fresh = { startedAtMs: nowMs, failures: 0 }
    windows.set(network, fresh)
    return fresh
  }

  return {
    note(address, nowMs) {
      const window = windowOf(networkOf(address), nowMs)
      window.failures += 1
      if (window.failures <= perMinuteMax) return undefined
      return Math.max(1, Math.ceil((window.startedAtMs + WINDOW_MS - nowMs) / 1_000))
    },
  }
}
