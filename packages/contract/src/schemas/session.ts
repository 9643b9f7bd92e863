import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from '@latchkey/core/password-length'
import { type Static, Type } from 'typebox'
import { NullableString, Permissions, Role, Timestamp } from './shared.ts'

export const Me = Type.Object({
  credential: Type.Object({
    type: Type.Unsafe<'key' | 'session' | 'user'>({
      type: 'string',
      enum: ['key', 'session', 'user'],
      description: 'What vouches for the request: key, session, or user (of an outside issuer).',
    }),
    id: Type.String({ description: 'Id of that key, session or user.' }),
    isToken: Type.Boolean({ description: 'true when a token made from it was presented.' }),
  }),
  userId: Type.String(),
  companyId: Type.String({ description: 'The company the credential belongs to.' }),
  actingCompanyId: Type.String({ description: 'The company this request acts for (see X-Company-Id).' }),
  role: Role,
  permissions: Type.Array(Type.String(), { description: 'All that the credential is permitted.' }),
  address: NullableString({
    description: 'The client address seen, after trusted proxies; null when it could not be told.',
  }),
  requestId: Type.String(),
})

const Password = (description: string) =>
  Type.String({ minLength: PASSWORD_LENGTH_MIN, maxLength: PASSWORD_LENGTH_MAX, description })

export const Invitation = Type.Object({
  token: Type.String({ description: 'For POST /auth/password, once.' }),
  expiresAt: Timestamp('When the token stops working.'),
})

export const SetPassword = Type.Object(
  {
    token: Type.String({ minLength: 1, maxLength: 200, description: 'The token of the invitation.' }),
    password: Password('The new password.'),
  },
  { additionalProperties: false },
)

export const SignIn = Type.Object(
  {
    username: Type.String({ minLength: 1, maxLength: 254, description: 'The email address of the user.' }),
    password: Type.String({ minLength: 1, maxLength: PASSWORD_LENGTH_MAX }),
    companyId: Type.Optional(
      NullableString({
        maxLength: 100,
        description:
          'The company to sign in to, where users of several have this address and this password. Absent: that of the oldest.',
      }),
    ),
  },
  { additionalProperties: false },
)

export const ShortLivedTokenRequest = Type.Object(
  {
    permissions: Permissions('What the token may do: only what the caller may.', { minItems: 1 }),
  },
  { additionalProperties: false },
)

export const Token = Type.Object({ token: Type.String({ description: 'For Authorization: Bearer.' }) })

export const Done = Type.Object({
  status: Type.Integer({ description: 'HTTP status of this answer, repeated in the body.', examples: [200] }),
  message: Type.String(),
})

export type Me = Static<typeof Me>
