import type { RateLimits, UseQuota } from '@latchkey/contract/schemas/limits'

export const WINDOWS = [
  { word: 'minute', seconds: 60 },
  { word: 'second', seconds: 1 },
  { word: 'hour', seconds: 3_600 },
  { word: 'day', seconds: 86_400 },
] as const

export const PERIODS = ['day', 'month'] as const satisfies readonly UseQuota['period'][]

export function windowWord(seconds: number): string {
  const known = WINDOWS.find((window) => window.seconds === seconds)
  return known === undefined ? `${seconds.toLocaleString()} seconds` : `a ${known.word}`
}

/** As people say it: “100 within a minute; 10,000 a month”. */
export function summaryOfLimits(rateLimits: RateLimits | null, quota: UseQuota | null): string {
  const rates = (rateLimits ?? []).map(
    ({ limit, windowSeconds }) => `${limit.toLocaleString()} within ${windowWord(windowSeconds)}`,
  )
  const quotas = quota === null ? [] : [`${quota.limit.toLocaleString()} a ${quota.period}`]
  const all = [...rates, ...quotas]
  return all.length === 0 ? 'none' : all.join('; ')
}
