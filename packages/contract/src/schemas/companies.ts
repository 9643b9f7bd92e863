import { type Static, Type } from 'typebox'
import { ExternalId, listOf, Name, NullableString, pageQuery, StatusEnum, Timestamp } from './shared.ts'

export const CompanyCreate = Type.Object(
  { name: Name, externalId: Type.Optional(ExternalId) },
  { additionalProperties: false },
)

export const CompanyUpdate = Type.Object(
  {
    name: Type.Optional(Name),
    externalId: Type.Optional(ExternalId),
    status: Type.Optional(StatusEnum('inactive stops all of the company’s keys and tokens.')),
  },
  { additionalProperties: false, minProperties: 1 },
)

export const Company = Type.Object({
  id: Type.String({ description: 'Id of the company.' }),
  name: Type.String(),
  externalId: NullableString({ description: "The host application's own id." }),
  status: StatusEnum('inactive: none of the company’s keys and tokens works.'),
  createdAt: Timestamp('When the company was created.'),
  updatedAt: Timestamp('When the company last changed.'),
})

export const CompanyList = Type.Object({
  ...listOf(Company, 'companies'),
  totalIsMinimum: Type.Optional(
    Type.Boolean({ description: 'true when more companies match a search than were counted (10,000).' }),
  ),
})

export const ListCompaniesQuery = Type.Object(
  {
    ...pageQuery,
    externalId: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: 'Keep only the company with this external id.',
      }),
    ),
    search: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 100,
        description: 'Keep only companies whose name, external id or id contain this text.',
      }),
    ),
  },
  { additionalProperties: false },
)

export type Company = Static<typeof Company>
export type CompanyCreate = Static<typeof CompanyCreate>
export type CompanyUpdate = Static<typeof CompanyUpdate>
export type ListCompaniesQuery = Static<typeof ListCompaniesQuery>
