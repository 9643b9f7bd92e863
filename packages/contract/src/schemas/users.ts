import { type Static, Type } from 'typebox'
import {
  ExternalId,
  listOf,
  Name,
  NullablePermissions,
  NullableString,
  pageQuery,
  Role,
  StatusEnum,
  Timestamp,
} from './shared.ts'

const Email = NullableString({
  format: 'email',
  maxLength: 254,
  description: 'Unique in the company; the name to sign in with.',
})

const UserPermissions = NullablePermissions(
  "The application's own permissions the user has; null: every one its role allows.",
)

export const UserCreate = Type.Object(
  {
    name: Name,
    role: Role,
    email: Type.Optional(Email),
    externalId: Type.Optional(ExternalId),
    permissions: Type.Optional(UserPermissions),
  },
  { additionalProperties: false },
)

export const UserUpdate = Type.Object(
  {
    name: Type.Optional(Name),
    role: Type.Optional(Role),
    email: Type.Optional(Email),
    externalId: Type.Optional(ExternalId),
    permissions: Type.Optional(UserPermissions),
    status: Type.Optional(StatusEnum('inactive stops all of the user’s keys and tokens.')),
  },
  { additionalProperties: false, minProperties: 1 },
)

export const User = Type.Object({
  id: Type.String({ description: 'Id of the user.' }),
  companyId: Type.String({ description: 'Company the user belongs to.' }),
  name: Type.String(),
  role: Role,
  email: NullableString({}),
  externalId: NullableString({ description: "The host application's own id." }),
  permissions: UserPermissions,
  status: StatusEnum('inactive: none of the user’s keys and tokens works.'),
  createdAt: Timestamp('When the user was created.'),
  updatedAt: Timestamp('When the user last changed.'),
})

export const UpdatedUser = Type.Object({
  ...User.properties,
  growingKeys: Type.Array(
    Type.Object({
      createdBy: NullableString({ description: 'Who made them; null: made on the host.' }),
      count: Type.Integer({ minimum: 1, description: 'How many keys.' }),
    }),
    {
      description:
        'The active keys that may do more after this change, by whose hand they were made: 20 makers at most. ' +
        'None ever does more than its maker could give when it was made.',
    },
  ),
  passwordEnded: Type.Boolean({
    description:
      'The user’s password and sessions ended with this change: whoever gave the password could not give what the user may do now. Invite the user again.',
  }),
})

export const UserList = Type.Object({
  ...listOf(User, 'users'),
  totalIsMinimum: Type.Optional(
    Type.Boolean({ description: 'true when more users match a search than were counted (10,000).' }),
  ),
})

export const ListUsersQuery = Type.Object(
  {
    ...pageQuery,
    externalId: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'Keep only the user with this external id.' }),
    ),
    search: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 100,
        description: 'Keep only users whose name, email address, external id or id contain this text.',
      }),
    ),
  },
  { additionalProperties: false },
)

export type User = Static<typeof User>
export type UserCreate = Static<typeof UserCreate>
export type UserUpdate = Static<typeof UserUpdate>
export type UpdatedUser = Static<typeof UpdatedUser>
export type ListUsersQuery = Static<typeof ListUsersQuery>
