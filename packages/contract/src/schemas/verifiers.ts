import { OUTCOME_CODES, type OutcomeCode } from '@latchkey/core/outcome-code'
import type { RevocationScope } from '@latchkey/core/revocation-scope'
import { type Static, Type } from 'typebox'
import { NullableString, NullableTimestamp, Role, Timestamp } from './shared.ts'
import { VerifyRequest } from './verification.ts'

/*
 * What a verifier in the process of a caller and the service say to each other. Moments are times of a clock; what a
 * verifier may rely on are the durations.
 */

/** How long a question for changes may be held, in milliseconds: a lease has to be renewed in time. */
const HOLD_MS_MAX = 500
/** Uses of one report. */
const USES_MAX = 1_000
/** The longest text of an IPv6 address. */
const ADDRESS_LENGTH_MAX = 45

const revision = { minimum: 0, maximum: Number.MAX_SAFE_INTEGER }
const PLAIN_PATTERN = '^[A-Za-z0-9_-]*$'

const Epoch = Type.String({ description: 'The life of the store that revisions are counted in.' })
const ServerId = Type.String({ description: 'Which server answered: another text at each of its starts.' })
const Now = Timestamp('The clock of the server.')
const TimeInput = (description: string) =>
  Type.String({ format: 'date-time', maxLength: 64, pattern: '^[ -~]*$', description })
const PlainText = (minLength: number, maxLength: number, description: string) =>
  Type.String({ minLength, maxLength, pattern: PLAIN_PATTERN, description })

export const KeyRecordRequest = Type.Object(
  { key: VerifyRequest.properties.key },
  { additionalProperties: false },
)

const KeyRecord = Type.Object({
  keyId: Type.String(),
  companyId: Type.String(),
  userId: Type.String(),
  mode: Type.Unsafe<'live' | 'test'>({ type: 'string', enum: ['live', 'test'] }),
  isActive: Type.Boolean({ description: 'Neither deleted nor disabled.' }),
  isUserActive: Type.Boolean(),
  isCompanyActive: Type.Boolean(),
  expiresAt: NullableTimestamp('When the key stops working; null: never.'),
  whitelistedIPs: Type.Unsafe<readonly string[] | null>({
    type: ['array', 'null'],
    items: { type: 'string' },
    description: 'What the key may be used from; null: everywhere.',
  }),
  role: Role,
  permissions: Type.Array(Type.String(), {
    description: 'All that the key is permitted: those of the service by name, yours also as area:* or *:*.',
  }),
  metadata: Type.Unsafe<Record<string, string>>({ type: 'object', additionalProperties: { type: 'string' } }),
  secret: Type.Object({
    ordinal: Type.Integer({ description: 'The secrets of a key are counted from 1.' }),
    endsAt: NullableTimestamp('When it ends because it was replaced; null: it was not.'),
    isOver: Type.Boolean({ description: 'It has ended, whatever a clock says.' }),
  }),
  isLimited: Type.Boolean({ description: 'Its uses are counted by the service.' }),
})

export const KeyRecordResult = Type.Object({
  record: Type.Unsafe<Static<typeof KeyRecord> | null>({
    type: ['object', 'null'],
    properties: KeyRecord.properties,
    required: KeyRecord.required,
    description: 'null: there is none that you may see, or `askServer` says why not.',
  }),
  askServer: Type.Boolean({ description: 'The text is judged by POST /verify, each time.' }),
  epoch: Epoch,
  revision: Type.Integer({ ...revision, description: 'The record is no older than this revision.' }),
  now: Now,
  server: ServerId,
})

export const ChangesRequest = Type.Object(
  {
    verifier: PlainText(16, 64, 'Random, and another one at each start of the verifier.'),
    epoch: NullableString({
      maxLength: 64,
      pattern: PLAIN_PATTERN,
      description: 'Of what the verifier has in memory; null: it has nothing there.',
    }),
    after: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      ...revision,
      description: 'Up to which revision it has forgotten what changed; null: it has nothing in memory.',
    }),
    hold: Type.Integer({
      minimum: 0,
      maximum: HOLD_MS_MAX,
      description: 'How long the answer may wait for a change, in milliseconds.',
    }),
    nonce: PlainText(1, 64, 'Random. It is answered, so that nothing between can answer with an old one.'),
    goodbye: Type.Optional(
      Type.Boolean({ description: 'The verifier has emptied its memory and asks no more.' }),
    ),
  },
  { additionalProperties: false },
)

const Change = Type.Object({
  scope: Type.Unsafe<RevocationScope['scope']>({
    type: 'string',
    enum: ['key', 'session', 'user', 'company'] satisfies RevocationScope['scope'][],
  }),
  id: Type.String(),
})

export const ChangesResult = Type.Object({
  epoch: Epoch,
  after: Type.Unsafe<number | null>({ type: ['integer', 'null'], description: 'As it was asked.' }),
  through: Type.Integer({
    ...revision,
    description: 'The changes are all of those after `after` up to here.',
  }),
  changes: Type.Array(Change, { description: 'What to forget: what you may see of it.' }),
  reset: Type.Boolean({ description: 'Everything is to be forgotten instead.' }),
  server: ServerId,
  heldMs: Type.Number({ minimum: 0, description: 'How long the answer waited.' }),
  provenMsAgo: Type.Number({
    minimum: 0,
    description: 'How old the proof is that nothing else has changed.',
  }),
  leaseMs: Type.Integer({
    minimum: 0,
    description: 'How long memory may answer after that proof; 0: it may not, ask POST /verify.',
  }),
  now: Now,
  nonce: Type.String({ description: 'As it was asked.' }),
})

const ReportedUse = Type.Object(
  {
    keyId: Type.String({ maxLength: 64, pattern: PLAIN_PATTERN }),
    secretOrdinal: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'Which secret of the key was used; null: not known.',
    }),
    code: Type.Unsafe<OutcomeCode>({ type: 'string', enum: [...OUTCOME_CODES], description: 'The verdict.' }),
    count: Type.Integer({ minimum: 1, maximum: 1_000_000_000_000, description: 'How often.' }),
    lastAt: TimeInput('When it was last given.'),
    lastAddress: NullableString({
      maxLength: ADDRESS_LENGTH_MAX,
      pattern: '^[ -~]*$',
      description: 'The address of that use; null: not known.',
    }),
  },
  { additionalProperties: false },
)

export const UsageReport = Type.Object(
  {
    reportId: PlainText(16, 64, 'Random. A report that comes again is counted once.'),
    from: TimeInput('When the counting began.'),
    to: TimeInput('When it ended.'),
    now: TimeInput('When the report is sent, by the clock of the other times: clocks may be apart.'),
    uses: Type.Array(ReportedUse, { maxItems: USES_MAX }),
  },
  { additionalProperties: false },
)

export const UsageReportResult = Type.Object({
  accepted: Type.Integer({
    minimum: 0,
    description: 'Uses that were added, now or when the report first came.',
  }),
  ignored: Type.Integer({
    minimum: 0,
    description: 'Uses of keys that you may not see, or that do not exist.',
  }),
})

export type KeyRecordResult = Static<typeof KeyRecordResult>
export type ChangesResult = Static<typeof ChangesResult>
export type UsageReport = Static<typeof UsageReport>
