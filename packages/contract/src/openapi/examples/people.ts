import type { AuditEvent } from '../../schemas/audit.ts'
import type { Company } from '../../schemas/companies.ts'
import type { User } from '../../schemas/users.ts'
import { EXAMPLE_IDS, type ExamplesOf } from './example.ts'

const user: User = {
  id: EXAMPLE_IDS.user,
  companyId: EXAMPLE_IDS.company,
  name: 'Ada Lovelace',
  role: 'developer',
  email: 'ada@example.com',
  externalId: 'u-1815',
  permissions: ['orders:*'],
  status: 'active',
  createdAt: '2026-11-17T08:00:00.000Z',
  updatedAt: '2026-11-17T08:00:00.000Z',
}
const company: Company = {
  id: EXAMPLE_IDS.company,
  name: 'Acme GmbH',
  externalId: 'tenant-42',
  status: 'active',
  createdAt: '2026-11-17T07:58:30.000Z',
  updatedAt: '2026-11-17T07:58:30.000Z',
}
const auditEvent: AuditEvent = {
  id: 'evt_01jdcs0f3g5h7j9k1m3n5p7q9r',
  companyId: EXAMPLE_IDS.company,
  sequence: 17,
  at: '2026-11-22T08:00:00.000Z',
  action: 'key.deleted',
  actor: { type: 'key', id: EXAMPLE_IDS.adminKey, userId: EXAMPLE_IDS.user },
  object: { type: 'key', id: EXAMPLE_IDS.key },
  address: '198.51.100.7',
  requestId: EXAMPLE_IDS.request,
  changes: {},
  hash: '5f1d7a84db00d2fce00b31a7fc73224f1d7a84db00d2fce00b31a7fc73224f00',
}

/** A page with one row. */
const pageOf = <Row>(row: Row) => ({
  page: {
    summary: 'One page',
    value: { status: 200, total: 1, count: 1, nextUrl: null, previousUrl: null, data: [row] },
  },
})

export const peopleExamples = {
  listUsers: { answer: pageOf(user) } satisfies ExamplesOf<'listUsers'>,
  createUser: {
    request: {
      developer: {
        summary: 'A developer, for some permissions of the application',
        value: {
          name: user.name,
          role: user.role,
          email: user.email,
          externalId: user.externalId,
          permissions: ['orders:*'],
        },
      },
    },
    answer: { created: { summary: 'The new user', value: user } },
  } satisfies ExamplesOf<'createUser'>,
  getUser: { answer: { user: { summary: 'A user', value: user } } } satisfies ExamplesOf<'getUser'>,
  updateUser: {
    request: { deactivate: { summary: 'Stop all of the user’s keys', value: { status: 'inactive' } } },
    answer: {
      changed: {
        summary: 'The user as it is now',
        value: {
          ...user,
          status: 'inactive',
          updatedAt: '2026-11-22T08:00:00.000Z',
          growingKeys: [],
          passwordEnded: false,
        },
      },
    },
  } satisfies ExamplesOf<'updateUser'>,
  deleteUser: {} satisfies ExamplesOf<'deleteUser'>,
  createInvitation: {
    answer: {
      invitation: {
        summary: 'A token for POST /auth/password',
        value: { token: 'inv_example', expiresAt: '2026-11-23T08:00:00.000Z' },
      },
    },
  } satisfies ExamplesOf<'createInvitation'>,
  listCompanies: { answer: pageOf(company) } satisfies ExamplesOf<'listCompanies'>,
  createCompany: {
    request: {
      tenant: { summary: 'A tenant', value: { name: company.name, externalId: company.externalId } },
    },
    answer: { created: { summary: 'The new company', value: company } },
  } satisfies ExamplesOf<'createCompany'>,
  getCompany: {
    answer: { company: { summary: 'A company', value: company } },
  } satisfies ExamplesOf<'getCompany'>,
  updateCompany: {
    request: { rename: { summary: 'Another name', value: { name: 'Acme SE' } } },
    answer: {
      changed: {
        summary: 'The company as it is now',
        value: { ...company, name: 'Acme SE', updatedAt: '2026-11-22T08:00:00.000Z' },
      },
    },
  } satisfies ExamplesOf<'updateCompany'>,
  listAuditEvents: { answer: pageOf(auditEvent) } satisfies ExamplesOf<'listAuditEvents'>,
}
