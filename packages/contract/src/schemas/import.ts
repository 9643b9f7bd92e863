import { type Static, Type } from 'typebox'
import type { RateLimits } from './limits.ts'
import { NullableString } from './shared.ts'

/** Fields are held against their rules one row at a time: a row that breaks one is refused alone. */
const Text = (description: string) => Type.Optional(Type.String({ description }))

/** The fields of a limit are named here; what they may be is the row's own affair. */
const RowRateLimits = Type.Unsafe<RateLimits | null>({
  type: ['array', 'null'],
  items: Type.Object(
    {
      name: Type.String({ description: 'As POST /keys takes it.' }),
      limit: Type.Number({ description: 'How many uses, each by its cost.' }),
      windowSeconds: Type.Number({ description: 'Length of the window, which slides.' }),
    },
    { additionalProperties: false },
  ),
  description:
    'How often the key may be used within sliding windows; null or left out: as often as it likes.',
})

const RowQuota = Type.Unsafe<{ readonly limit: number; readonly period: string } | null>({
  type: ['object', 'null'],
  properties: {
    limit: Type.Number({ description: 'How many uses, each by its cost.' }),
    period: Type.String({ description: 'day or month, of the calendar in UTC.' }),
  },
  required: ['limit', 'period'],
  additionalProperties: false,
  description:
    'How often the key may be used in a day or month of UTC; null or left out: as often as it likes.',
})

const ImportedKey = Type.Object(
  {
    key: Text('The text that clients present. Give this or the hash.'),
    hash: Text('The hash that the old system has of the text: hex, base64 or base64url.'),
    format: Text('How this hash was made, where it is not as with the others.'),
    userId: Text('Id of the user here the key acts for.'),
    externalUserId: Text('The old system’s id of the owner: the externalId of a user here.'),
    description: Text('What the key is for.'),
    permissions: Type.Optional(
      Type.Array(Type.String(), {
        maxItems: 100,
        description: 'Left out: all that the application gives its user, and nothing of this service’s own.',
      }),
    ),
    whitelistedIPs: Type.Optional(
      Type.Array(Type.String(), { maxItems: 1_000, description: 'Left out: usable from everywhere.' }),
    ),
    expiresAt: Text('When the key stops working. What has ended already is imported, and stays ended.'),
    createdAt: Text('When the key was made there.'),
    mode: Type.Optional(
      Type.Unsafe<'live' | 'test'>({
        type: 'string',
        enum: ['live', 'test'],
        description: 'live where it is not said.',
      }),
    ),
    enabled: Type.Optional(Type.Boolean({ description: 'false: refused until it is enabled here.' })),
    metadata: Type.Optional(
      Type.Unsafe<Record<string, string>>({
        type: 'object',
        additionalProperties: { type: 'string' },
        description: 'Your own facts about the key.',
      }),
    ),
    rateLimits: Type.Optional(RowRateLimits),
    quota: Type.Optional(RowQuota),
    prefix: Text('What the text begins with, where only its hash is known: other texts are not looked for.'),
    lastFour: Text('What the text ends with, to be recognised by.'),
  },
  { additionalProperties: false },
)

export const ImportRequest = Type.Object(
  {
    keys: Type.Array(ImportedKey, { minItems: 1, maxItems: 1_000, description: 'The keys, one row each.' }),
    source: Type.Optional(
      Type.String({
        pattern: '^[a-z0-9][a-z0-9-]{0,31}$',
        description: 'The system they come from, such as unkey; api where it is not said.',
      }),
    ),
    format: Type.Optional(
      Type.String({
        maxLength: 64,
        description:
          'How hashes were made: an algorithm, or algorithm:input, such as sha256:after-first-pipe.',
      }),
    ),
    pepper: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1_024,
        description: 'The secret that hmac-sha256 was made with.',
      }),
    ),
    salt: Type.Optional(
      Type.String({ minLength: 1, maxLength: 1_024, description: 'The salt of suffix-salt.' }),
    ),
    user: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: 'Id of the user for rows that name no owner.',
      }),
    ),
    createUsers: Type.Optional(
      Type.Boolean({
        description: 'true: an externalUserId nobody has becomes a user, with the role developer.',
      }),
    ),
    dryRun: Type.Optional(Type.Boolean({ description: 'true: says what would be done, and does nothing.' })),
  },
  { additionalProperties: false },
)

export const ImportResult = Type.Object({
  dryRun: Type.Boolean({ description: 'true: nothing was done.' }),
  created: Type.Integer({ description: 'How many keys came in.' }),
  exists: Type.Integer({ description: 'How many were here before, deleted ones too.' }),
  refused: Type.Integer({ description: 'How many could not be taken.' }),
  rows: Type.Array(
    Type.Object({
      line: Type.Integer({ description: 'Which of the keys, from 1.' }),
      outcome: Type.Unsafe<'created' | 'exists' | 'refused'>({
        type: 'string',
        enum: ['created', 'exists', 'refused'],
        description: 'exists: the text is, or was, a key here, and stays as it is.',
      }),
      keyId: NullableString({
        description: 'Id of the key that was made; null: none was, or it is a dry run.',
      }),
      reason: NullableString({ description: 'Why the row was refused.' }),
      notes: Type.Array(Type.String(), {
        description: 'What went to metadata, what found no place, what to know.',
      }),
    }),
    { description: 'What became of each row, in their order.' },
  ),
})

export type ImportRequest = Static<typeof ImportRequest>
export type ImportResult = Static<typeof ImportResult>
