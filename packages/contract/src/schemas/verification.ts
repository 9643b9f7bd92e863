import { OUTCOME_CODES, type OutcomeCode } from '@latchkey/core/outcome-code'
import { type Static, Type } from 'typebox'
import { LimitStates } from './limits.ts'
import { NullableString, NullableTimestamp, Permissions } from './shared.ts'

const VERIFY_BATCH_MAX = 100
const COST_MAX = 1_000

/** Of a key or of a token of ours. */
const CREDENTIAL_LENGTH_MAX = 8_192
/** In a batch: as many permissions as a token can name in so many characters are asked for one at a time. */
const BATCH_CREDENTIAL_LENGTH_MAX = 2_048
const BATCH_PERMISSIONS_MAX = 20

function attempt(limits: { readonly keyLengthMax: number; readonly permissionsMax?: number }) {
  return Type.Object(
    {
      key: Type.String({
        maxLength: limits.keyLengthMax,
        description: 'The key to verify, or a token: judged by the live state of what it stems from.',
      }),
      ip: Type.Optional(
        Type.String({
          maxLength: 100,
          description: "The end caller's address, which a restricted key is held against.",
        }),
      ),
      permissions: Type.Optional(
        Permissions(
          'What the use needs, each as area:action.',
          limits.permissionsMax === undefined ? {} : { maxItems: limits.permissionsMax },
        ),
      ),
      cost: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: COST_MAX,
          description:
            'What the use counts for in the limits of the key; 1 where it is not said. 0: it looks and is not counted.',
        }),
      ),
    },
    { additionalProperties: false },
  )
}

export const VerifyRequest = attempt({ keyLengthMax: CREDENTIAL_LENGTH_MAX })

export const VerifyBatchRequest = Type.Object(
  {
    keys: Type.Array(
      attempt({ keyLengthMax: BATCH_CREDENTIAL_LENGTH_MAX, permissionsMax: BATCH_PERMISSIONS_MAX }),
      { minItems: 1, maxItems: VERIFY_BATCH_MAX },
    ),
  },
  { additionalProperties: false },
)

export const VerifyResult = Type.Object({
  valid: Type.Boolean({ description: 'true only for the code VALID.' }),
  code: Type.Unsafe<OutcomeCode>({ type: 'string', enum: [...OUTCOME_CODES], description: 'The verdict.' }),
  keyId: NullableString({
    description: 'Of a token: of the key it stems from. null for NOT_FOUND, and for a person’s token.',
  }),
  companyId: NullableString({}),
  userId: NullableString({}),
  permissions: Type.Array(Type.String(), { description: 'All that the key is permitted.' }),
  mode: Type.Unsafe<'live' | 'test' | null>({ type: ['string', 'null'], enum: ['live', 'test', null] }),
  expiresAt: NullableTimestamp('When the key stops working; null: never.'),
  metadata: Type.Unsafe<Record<string, string>>({ type: 'object', additionalProperties: { type: 'string' } }),
  secret: Type.Unsafe<'current' | 'previous' | null>({
    type: ['string', 'null'],
    enum: ['current', 'previous', null],
    description: 'Which secret of the key was used: previous, when it was replaced. null: none, or nobody’s.',
  }),
  replaceBy: NullableTimestamp(
    'When the secret that was used ends because it was replaced; null: it was not.',
  ),
  limits: LimitStates,
  limitedBy: NullableString({ description: 'The limit that refused; null: none did.' }),
  retryAfterSeconds: Type.Unsafe<number | null>({
    type: ['integer', 'null'],
    description:
      'After so long there is room for a use of this cost, if nobody takes it; null: it was not limited, or the cost is ' +
      'more than the whole limit.',
  }),
  requestId: Type.String(),
})

export const VerifyBatchResult = Type.Object({
  results: Type.Array(VerifyResult, { description: 'One verdict a key, in the order asked.' }),
})

export type VerifyResult = Static<typeof VerifyResult>
