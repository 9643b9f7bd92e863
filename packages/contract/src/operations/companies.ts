import {
  Company,
  CompanyCreate,
  CompanyList,
  CompanyUpdate,
  ListCompaniesQuery,
} from '../schemas/companies.ts'
import type { Operation } from './operation.ts'

const tag = 'Companies'

export const companyOperations = {
  listCompanies: {
    method: 'GET',
    path: '/companies',
    tag,
    summary: 'List the companies',
    description: 'Returns one page of the deployment’s companies, newest first. For the operator.',
    authentication: 'required',
    permission: 'companies:list',
    query: ListCompaniesQuery,
    success: { status: 200, schema: CompanyList },
  },
  createCompany: {
    method: 'POST',
    path: '/companies',
    tag,
    summary: 'Create a company',
    description: 'Creates a tenant. For the operator.',
    authentication: 'required',
    permission: 'companies:create',
    isIdempotent: true,
    body: CompanyCreate,
    success: { status: 201, schema: Company },
  },
  getCompany: {
    method: 'GET',
    path: '/companies/{companyId}',
    tag,
    summary: 'Read one company',
    description: 'Returns one company. For the operator.',
    authentication: 'required',
    permission: 'companies:read',
    hasEtag: true,
    success: { status: 200, schema: Company },
  },
  updateCompany: {
    method: 'PATCH',
    path: '/companies/{companyId}',
    tag,
    summary: 'Change a company',
    description:
      'Changes what is given and leaves the rest. When status inactive is answered, none of the company’s keys works. ' +
      'Setting an externalId takes all that an owner of the company may do, and for the operator’s company a ' +
      'credential without a bound. For the operator.',
    authentication: 'required',
    permission: 'companies:update',
    hasEtag: true,
    body: CompanyUpdate,
    success: { status: 200, schema: Company },
  },
} as const satisfies Record<string, Operation>
