import { RateLimits, UseQuota } from '@latchkey/contract/schemas/limits'
import { AppError, type Fault } from '@latchkey/core/error'
import type { UseQuota as Quota, RateLimit } from '@latchkey/core/limit'
import { checkLimitNames } from '@latchkey/core/limit-names'
import { Type } from 'typebox'
import { createBodyValidator } from './validation.ts'

export type KeyLimits = { readonly rateLimits: readonly RateLimit[] | null; readonly quota: Quota | null }

const validator = createBodyValidator(
  Type.Object({ rateLimits: Type.Optional(RateLimits), quota: Type.Optional(UseQuota) }),
  new Map(),
)

/**
 * Checks the limits of a key that is not made by createApiKey, by the same rules. Returns the limits, or every fault.
 */
export function readKeyLimits(limits: {
  readonly rateLimits: unknown
  readonly quota: unknown
}): KeyLimits | { readonly faults: readonly Fault[] } {
  const body = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined))
  try {
    validator.validate(body)
  } catch (error) {
    if (error instanceof AppError) return { faults: error.faults }
    throw error
  }
  const { rateLimits, quota } = body as Partial<KeyLimits>
  const faults: Fault[] = []
  checkLimitNames(rateLimits ?? [], faults)
  if (faults.length > 0) return { faults }
  // An empty list is no limit, as in creation.
  return { rateLimits: rateLimits?.length ? rateLimits : null, quota: quota ?? null }
}
