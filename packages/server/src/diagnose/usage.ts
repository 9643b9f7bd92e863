import { dateOf } from '@latchkey/core/calendar'
import type { UsageExtent } from '../storage/usage-extent.ts'
import { type Finding, fine, warning } from './finding.ts'

/** Counts are written every twenty seconds, and a use is noted once a minute. */
const LATE_MS_MAX = 5 * 60_000

/** How far use is counted, and which days are kept. */
export function diagnoseUsage({ usedMs, countedMs, firstDay }: UsageExtent, keptDays: number): Finding {
  const kept = `kept by day for ${keptDays} days`
  if (countedMs === null || firstDay === null) return fine('usage', `nothing is counted yet; ${kept}`)
  const counted = new Date(countedMs).toISOString()
  if (usedMs !== null && usedMs > countedMs + LATE_MS_MAX) {
    return warning(
      'usage',
      `Keys were used at ${new Date(usedMs).toISOString()}, but use is counted up to ${counted} only.`,
      'It could not be written, or a process was killed: look for usage_lost in the log of the service.',
    )
  }
  return fine('usage', `counted up to ${counted}, from ${dateOf(firstDay)} on; ${kept}`)
}
