import { createBoundedMap } from '@latchkey/core/bounded-map'
import type { Events } from './events.ts'

const QUIET_MS = 60_000
/** About 300 bytes each; the oldest is let go first. */
const REASONS_MAX = 1_000

type Line = { readonly writtenAtMs: number; unwritten: number }

/** Logs why tokens of outside issuers are refused: each reason at most once a minute, however many are sent. */
export function createOutsideRefusals(events: Pick<Events, 'outsideTokenRefused'>, nowMs: () => number) {
  const lines = createBoundedMap<string, Line>(REASONS_MAX)
  return {
    note(issuer: string | null, reason: string): void {
      const name = JSON.stringify([issuer, reason])
      const line = lines.get(name)
      const isQuiet = line !== undefined && nowMs() - line.writtenAtMs < QUIET_MS
      if (isQuiet) {
        line.unwritten += 1
        return
      }
      events.outsideTokenRefused({ issuer, reason, times: (line?.unwritten ?? 0) + 1 })
      lines.set(name, { writtenAtMs: nowMs(), unwritten: 0 })
    },
  }
}
