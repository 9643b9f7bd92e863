import { kind } from './problem-kind.ts'

/** Whatever came too often. */
export const LIMIT_PROBLEMS = {
  rate_limited: kind(
    429,
    'Too many failed attempts',
    'Too many failed credentials came from this address.',
    'Wait as long as Retry-After says. Valid credentials still pass.',
  ),
  key_rate_limited: kind(
    429,
    'The key was used too often',
    'The key has a rate limit or a quota, and there is no room in it for this use.',
    'Wait as long as Retry-After says. RateLimit and RateLimit-Policy say how the limits stand.',
  ),
} as const
