import { Type } from 'typebox'
import { Timestamp } from './shared.ts'

const RATE_LIMITS_MAX = 4

const Max = Type.Integer({
  minimum: 1,
  maximum: 1_000_000_000,
  description: 'How many uses, each by its cost.',
})

const RateLimit = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 32,
      pattern: '^[a-z0-9_-]+$',
      description: 'Yours, once in a key, and not `quota`: it stands in verdicts and headers.',
    }),
    limit: Max,
    windowSeconds: Type.Integer({
      minimum: 1,
      maximum: 86_400,
      description: 'Length of the window, which slides.',
    }),
  },
  { additionalProperties: false },
)

export type RateLimits = readonly {
  readonly name: string
  readonly limit: number
  readonly windowSeconds: number
}[]

/** null: none. */
export const RateLimits = Type.Unsafe<RateLimits | null>({
  type: ['array', 'null'],
  maxItems: RATE_LIMITS_MAX,
  items: RateLimit,
  description: 'How often the key may be used within sliding windows; null: as often as it likes.',
})

const QUOTA_PERIODS = ['day', 'month'] as const

export type UseQuota = { readonly limit: number; readonly period: (typeof QUOTA_PERIODS)[number] }

export const UseQuota = Type.Unsafe<UseQuota | null>({
  type: ['object', 'null'],
  properties: {
    limit: Max,
    period: Type.Unsafe({
      type: 'string',
      enum: [...QUOTA_PERIODS],
      description: 'Of the calendar, in UTC.',
    }),
  },
  required: ['limit', 'period'],
  additionalProperties: false,
  description: 'How often the key may be used in a day or month of UTC; null: as often as it likes.',
})

export const LimitStates = Type.Unsafe<
  { name: string; limit: number; remaining: number; resetAt: string }[] | null
>({
  type: ['array', 'null'],
  items: Type.Object({
    name: Type.String({ description: 'Of the rate limit, or `quota`.' }),
    limit: Type.Integer(),
    remaining: Type.Integer({
      minimum: 0,
      description: 'What is left, by what the server that answers knows.',
    }),
    resetAt: Timestamp('When the part of the window, the day or the month that runs is over.'),
  }),
  description:
    'How the limits of the key stand after this; null: it has none, or was refused for something else.',
})
