import type { RateLimits, UseQuota } from '@latchkey/contract/schemas/limits'

/** What the forms of a key hold. */
export type KeyFields = {
  readonly description: string
  readonly entries: readonly string[]
  readonly expiresAt: string | null
  readonly permissions: readonly string[] | null
  readonly rateLimits: RateLimits | null
  readonly quota: UseQuota | null
}

const DAY_MS = 86_400_000

/** When a key that is made now ends, by the preset that was chosen. */
export const inDays = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString()

/** A day as an input of the browser writes it, in the viewer's zone. */
export const dayOf = (at: string): string => {
  const date = new Date(at)
  const two = (part: number) => String(part).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

/** The last moment of that day in the viewer's zone; undefined: it is no day. */
export function endOfDay(day: string): string | undefined {
  const date = new Date(`${day}T23:59:59`)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}
