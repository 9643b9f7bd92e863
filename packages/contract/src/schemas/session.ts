import { type Static, Type } from 'typebox'
import { NullableString, Role } from './shared.ts'

export const Me = Type.Object({
  credential: Type.Object({
    type: Type.String({ description: 'What was presented: key.' }),
    id: Type.String({ description: 'Id of the credential.' }),
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

export type Me = Static<typeof Me>
