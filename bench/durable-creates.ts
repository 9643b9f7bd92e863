import type { Services } from '@latchkey/server'
import { runLoad } from './load.ts'
import { rawAppendsPerSecond } from './raw-append.ts'
import { requestText } from './request-text.ts'
import type { Target } from './rounds.ts'
import type { Running } from './running.ts'
import { type BenchStore, makeKey } from './stores.ts'

/*
 * Writes wait for the disk, so these are counted by the second of the clock, not of the CPU; the raw appends
 * beside them, on the same disk in the same round, say what that disk gave.
 */

export function rawAppends({ dataDir }: BenchStore, durationMs: number): Target {
  return () => rawAppendsPerSecond(dataDir, durationMs)
}

/** Creates (key, counters and audit event) a second, by so many callers inside this process. */
export function creates(services: Services, store: BenchStore, callers: number, durationMs: number): Target {
  return async () => {
    const startedAtMs = performance.now()
    let made = 0
    const call = async () => {
      while (performance.now() - startedAtMs < durationMs) {
        await makeKey(services, store.companyId, store.userId)
        made += 1
      }
    }
    await Promise.all(Array.from({ length: callers }, call))
    return (made / (performance.now() - startedAtMs)) * 1_000
  }
}

/** The same through POST /keys. */
export function httpCreates(
  server: Running,
  store: BenchStore,
  connections: number,
  durationMs: number,
): Target {
  const request = requestText('POST', '/keys', {
    headers: { 'x-api-key': store.adminKey, 'x-company-id': store.companyId },
    body: { userId: store.userId, whitelistedIPs: ['10.0.0.0/8'], description: 'A key of the bench' },
  })
  return async () => {
    const startedAtMs = performance.now()
    const made = await runLoad({
      port: server.port,
      durationMs,
      connections,
      status: 201,
      next: () => request,
    })
    return (made / (performance.now() - startedAtMs)) * 1_000
  }
}
