import { OUTCOME_CODES, type OutcomeCode } from '@latchkey/core/outcome-code'
import { type Static, Type } from 'typebox'
import { RateLimits, UseQuota } from './limits.ts'
import {
  LINE_PATTERN,
  LINES_PATTERN,
  listOf,
  NullablePermissions,
  NullableString,
  NullableTimestamp,
  NullableTimestampInput,
  pageQuery,
  StatusEnum,
  Timestamp,
} from './shared.ts'

const entryItems = {
  type: 'string',
  description: 'An IPv4 or IPv6 address, or a CIDR block.',
  examples: ['1.1.1.1', '2.2.2.2', '10.10.0.0/16'],
}

export const WhitelistedIPs = Type.Unsafe<readonly string[] | null>({
  type: ['array', 'null'],
  title: 'WhitelistedIPs',
  description: 'Addresses and CIDR blocks the key may be used from. null means no restriction.',
  items: entryItems,
})

/** What is accepted is wider than what is answered: one comma-separated string will do. */
export const WhitelistedIPsInput = Type.Unsafe<readonly string[] | string | null>({
  type: ['array', 'string', 'null'],
  description:
    'Addresses and CIDR blocks the key may be used from, as an array or one comma-separated string; at most 1,000. ' +
    'null means no restriction.',
  items: entryItems,
})

const Description = NullableString({
  minLength: 1,
  maxLength: 200,
  pattern: LINE_PATTERN,
  description: 'What the key is for, in your words.',
})

const MetadataInput = Type.Unsafe<Record<string, string>>({
  type: 'object',
  maxProperties: 50,
  propertyNames: { minLength: 1, maxLength: 100, pattern: LINE_PATTERN, not: { const: '__proto__' } },
  additionalProperties: { type: 'string', maxLength: 500, pattern: LINES_PATTERN },
  description: 'Your own facts about the key, returned by every verification.',
})

const Mode = Type.Unsafe<'live' | 'test'>({
  type: 'string',
  enum: ['live', 'test'],
  description: 'Shows in the secret, which begins with lk_live_ or lk_test_. live where it is not said.',
})

const KeyPermissions = NullablePermissions("Narrower than the user's; null: all that the user has.")

export const ApiKeyCreate = Type.Object(
  {
    userId: Type.String({ description: 'Id of the user the key acts for.' }),
    whitelistedIPs: Type.Optional(WhitelistedIPsInput),
    description: Type.Optional(Description),
    expiresAt: Type.Optional(NullableTimestampInput('When the key stops working; null: never.')),
    permissions: Type.Optional(KeyPermissions),
    mode: Type.Optional(Mode),
    metadata: Type.Optional(MetadataInput),
    rateLimits: Type.Optional(RateLimits),
    quota: Type.Optional(UseQuota),
  },
  { additionalProperties: false },
)

export const ApiKeyUpdate = Type.Object(
  {
    whitelistedIPs: Type.Optional(WhitelistedIPsInput),
    description: Type.Optional(Description),
    expiresAt: Type.Optional(NullableTimestampInput('When the key stops working; null: never.')),
    permissions: Type.Optional(KeyPermissions),
    metadata: Type.Optional(MetadataInput),
    rateLimits: Type.Optional(RateLimits),
    quota: Type.Optional(UseQuota),
    enabled: Type.Optional(Type.Boolean({ description: 'false refuses the key until it is enabled again.' })),
  },
  { additionalProperties: false, minProperties: 1 },
)

export const ApiKeyStatus = StatusEnum('inactive only when deleted or disabled.')

export const STATUS_REASONS = ['deleted', 'disabled', 'expired', 'user_inactive', 'company_inactive'] as const

const Rotation = Type.Unsafe<{
  startedAt: string
  previousEndsAt: string
  previousKey: string
  newFirstUsedAt: string | null
  previousLastUsedAt: string | null
  previousLastAddress: string | null
} | null>({
  type: ['object', 'null'],
  description: 'The rotation that is open, until the previous secret has ended; null: none is.',
  properties: {
    startedAt: Timestamp('When the new secret was made.'),
    previousEndsAt: Timestamp('When the previous secret ends.'),
    previousKey: Type.String({ description: 'The masked form of the previous secret.' }),
    newFirstUsedAt: NullableTimestamp('When the new secret was first accepted; null: not yet.'),
    previousLastUsedAt: NullableTimestamp(
      'When the previous secret was last accepted since it was replaced; null: it was not.',
    ),
    previousLastAddress: NullableString({ description: 'From where that was.' }),
  },
  required: [
    'startedAt',
    'previousEndsAt',
    'previousKey',
    'newFirstUsedAt',
    'previousLastUsedAt',
    'previousLastAddress',
  ],
})

const Imported = Type.Unsafe<{ source: string; at: string } | null>({
  type: ['object', 'null'],
  description: 'Which system the key comes from, and when it came; null: it was made here.',
  properties: {
    source: Type.String({ description: 'The name of the system.' }),
    at: Timestamp('When the key was imported.'),
  },
  required: ['source', 'at'],
})

export const RotationCreate = Type.Object(
  {
    overlapSeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 2_592_000,
        description:
          'How long the old secret lives beside the new one; a day where it is not said. 0: it is dead, on every ' +
          'server, when this is answered.',
      }),
    ),
  },
  { additionalProperties: false },
)

export const RotationUpdate = Type.Object(
  {
    previousEndsAt: Type.String({
      format: 'date-time',
      maxLength: 64,
      description: 'When the old secret ends, within 30 days. A time that is not after now ends it at once.',
    }),
  },
  { additionalProperties: false },
)

export const ApiKey = Type.Object(
  {
    id: Type.String({ description: 'Id of the key.' }),
    companyId: Type.String({ description: 'Company that owns the key.' }),
    userId: Type.String({ description: 'User the key acts for.' }),
    key: Type.String({ description: 'The secret (on creation) or a masked form of it (everywhere else).' }),
    whitelistedIPs: WhitelistedIPs,
    status: ApiKeyStatus,
    createdAt: Timestamp('When the key was created.'),
    updatedAt: Timestamp('When the key last changed.'),
    deletedAt: NullableTimestamp('When the key was deleted; null while it is not.'),
    description: NullableString({ description: 'What the key is for.' }),
    expiresAt: NullableTimestamp('When the key stops working; null: never.'),
    permissions: KeyPermissions,
    mode: Mode,
    metadata: Type.Unsafe<Record<string, string>>({
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'Your own facts about the key.',
    }),
    rateLimits: RateLimits,
    quota: UseQuota,
    enabled: Type.Boolean({ description: 'false while the key is disabled.' }),
    statusReason: Type.Unsafe<(typeof STATUS_REASONS)[number] | null>({
      type: ['string', 'null'],
      enum: [...STATUS_REASONS, null],
      description: 'Why the key is refused; null while it is not.',
    }),
    createdBy: NullableString({ description: 'Id of the credential that made the key.' }),
    lastUsedAt: NullableTimestamp('When the key was last accepted, true to the minute; null: never.'),
    lastAddress: NullableString({
      description: 'From where the key was last accepted; null: never, or the address was not known.',
    }),
    lastRefusedAt: NullableTimestamp('When the key was last refused, true to some seconds; null: never.'),
    lastRefusedCode: Type.Unsafe<OutcomeCode | null>({
      type: ['string', 'null'],
      enum: [...OUTCOME_CODES, null],
      description: 'With which verdict.',
    }),
    lastRefusedAddress: NullableString({ description: 'From where; null: the address was not known.' }),
    rotation: Rotation,
    imported: Imported,
  },
  { description: 'An API key as the company sees it.' },
)

export const ApiKeyList = Type.Object({
  ...listOf(ApiKey, 'keys'),
  totalIsMinimum: Type.Optional(
    Type.Boolean({ description: 'true when more keys match than were counted (10,000).' }),
  ),
})

export const ListKeysQuery = Type.Object(
  {
    status: Type.Optional(
      Type.Unsafe<'active' | 'inactive' | 'all'>({
        type: 'string',
        enum: ['active', 'inactive', 'all'],
        default: 'active',
        description: 'Keep only keys in this state.',
      }),
    ),
    ...pageQuery,
    userId: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'Keep only keys of this user.' }),
    ),
    search: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 100,
        description: 'Keep only keys whose description, id or last four characters contain this text.',
      }),
    ),
    restricted: Type.Optional(
      Type.Boolean({
        description: 'true: only keys restricted to addresses; false: only keys that are not.',
      }),
    ),
    unusedSince: Type.Optional(Timestamp('Keep only keys made before this moment and not used since.')),
    expiringBefore: Type.Optional(Timestamp('Keep only keys that expire before this moment.')),
  },
  { additionalProperties: false },
)

export type ApiKey = Static<typeof ApiKey>
export type ApiKeyCreate = Static<typeof ApiKeyCreate>
export type ApiKeyUpdate = Static<typeof ApiKeyUpdate>
export type ListKeysQuery = Static<typeof ListKeysQuery>
