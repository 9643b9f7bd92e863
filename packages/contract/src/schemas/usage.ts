import { OUTCOME_CODES, type OutcomeCode } from '@latchkey/core/outcome-code'
import { type Static, Type } from 'typebox'
import { WhitelistedIPsInput } from './keys.ts'
import { listOf, pageQuery, Timestamp } from './shared.ts'

const DateText = (description: string) => Type.String({ format: 'date', maxLength: 10, description })

const span = {
  from: Type.Optional(DateText('First day, in UTC; 29 days before `to` where it is not said.')),
  to: Type.Optional(DateText('Last day, in UTC, at most 400 days with `from`; today where it is not said.')),
}

export const KeyUsageQuery = Type.Object(span, { additionalProperties: false })

export const USAGE_GROUPS = ['day', 'key', 'code', 'user'] as const

export const UsageQuery = Type.Object(
  {
    ...span,
    by: Type.Optional(
      Type.Unsafe<(typeof USAGE_GROUPS)[number]>({
        type: 'string',
        enum: [...USAGE_GROUPS],
        default: 'day',
        description: 'What the counts are summed by: day answers the latest first, the others the most used.',
      }),
    ),
    limit: pageQuery.limit,
    offset: pageQuery.offset,
  },
  { additionalProperties: false },
)

const Counts = Type.Unsafe<Partial<Record<OutcomeCode, number>>>({
  type: 'object',
  description: 'How often each verdict was given; what did not happen is left out.',
  properties: Object.fromEntries(OUTCOME_CODES.map((code) => [code, { type: 'integer', minimum: 1 }])),
})

const previousSecret = Type.Integer({
  minimum: 0,
  description: 'How many of the accepted uses were of a secret that was replaced.',
})

const countedUntil = Timestamp('What happened before is counted; what happened after may be.')

const Networks = (description: string) =>
  Type.Array(
    Type.Object({
      network: Type.String({ description: 'An IPv4 address, or an IPv6 /64.' }),
      address: Type.String({ description: 'The last address of the network that was seen.' }),
      firstAt: Timestamp('When it was first seen.'),
      lastAt: Timestamp('When it was last seen, true to the minute.'),
    }),
    { description },
  )

export const KeyUsage = Type.Object({
  from: DateText('First day.'),
  to: DateText('Last day.'),
  days: Type.Array(Type.Object({ date: DateText('The day, in UTC.'), counts: Counts, previousSecret }), {
    description: 'Oldest first; days without use are left out.',
  }),
  months: Type.Array(
    Type.Object({
      month: Type.String({ description: 'The month, as 2026-11.' }),
      counts: Counts,
      previousSecret,
    }),
    { description: 'Sums of the days that are kept no more, oldest first.' },
  ),
  addresses: Networks('The last 20 networks that the key was accepted from, latest first.'),
  refusedAddresses: Networks('The last 20 networks that its allowlist refused, latest first.'),
  countedUntil,
})

export const UsageSum = Type.Object({
  id: Type.String({ description: 'The day, the id of the key or user, or the code.' }),
  total: Type.Integer({ minimum: 0, description: 'All verdicts together.' }),
  counts: Counts,
})

export const UsageList = Type.Object({ ...listOf(UsageSum, 'sums'), countedUntil })

export const AllowlistPreviewRequest = Type.Object(
  { whitelistedIPs: WhitelistedIPsInput },
  { additionalProperties: false },
)

export const AllowlistPreview = Type.Object({
  refused: Type.Array(
    Type.Object({
      network: Type.String({ description: 'An IPv4 address, or an IPv6 /64.' }),
      address: Type.String({
        description: 'The last address of the network, which the list does not admit.',
      }),
      lastAt: Timestamp('When the key was last accepted from there.'),
    }),
    { description: 'What the list would refuse of the networks of the last 30 days, latest first.' },
  ),
  admitted: Type.Integer({ minimum: 0, description: 'How many of them it would admit.' }),
  countedUntil,
})

export type UsageSum = Static<typeof UsageSum>
export type UsageList = Static<typeof UsageList>
export type KeyUsage = Static<typeof KeyUsage>
export type AllowlistPreview = Static<typeof AllowlistPreview>
