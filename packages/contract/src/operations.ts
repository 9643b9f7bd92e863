import type { Static, TSchema } from 'typebox'
import { AuditEventList, ListAuditQuery } from './schemas/audit.ts'
import {
  Company,
  CompanyCreate,
  CompanyList,
  CompanyUpdate,
  ListCompaniesQuery,
} from './schemas/companies.ts'
import { Health, Readiness } from './schemas/health.ts'
import { ApiKey, ApiKeyCreate, ApiKeyList, ApiKeyUpdate, ListKeysQuery } from './schemas/keys.ts'
import { Me } from './schemas/session.ts'
import { ListUsersQuery, User, UserCreate, UserList, UserUpdate } from './schemas/users.ts'
import { VerifyBatchRequest, VerifyBatchResult, VerifyRequest, VerifyResult } from './schemas/verification.ts'

/** One row of the table that every route, the OpenAPI document and the conformance test hang on. */
export type Operation = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Path template as in OpenAPI, e.g. `/keys/{keyId}`. */
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly description: string
  /** `none`: open to everyone. `required`: one credential. */
  readonly authentication: 'none' | 'required'
  /** What the principal must hold; null: any credential will do. */
  readonly permission: string | null
  /** A key may do this to itself whatever its permissions. */
  readonly allowsSelf?: true
  /** Takes `Idempotency-Key`. */
  readonly isIdempotent?: true
  /** Takes `If-Match`; answers carry an `ETag`. */
  readonly hasEtag?: true
  readonly query?: TSchema
  readonly body?: TSchema
  readonly success: { readonly status: 200 | 201 | 204; readonly schema?: TSchema }
}

const keysTag = 'API Keys'

export const operations = {
  listApiKeys: {
    method: 'GET',
    path: '/keys',
    tag: keysTag,
    summary: "List the company's API keys",
    description: 'Returns one page of the keys that belong to the company of the caller, newest first.',
    authentication: 'required',
    permission: 'keys:list',
    query: ListKeysQuery,
    success: { status: 200, schema: ApiKeyList },
  },
  createApiKey: {
    method: 'POST',
    path: '/keys',
    tag: keysTag,
    summary: 'Create an API key',
    description:
      "Creates a key that acts as the given user of the caller's company. This answer is the only place where the " +
      'whole secret appears.',
    authentication: 'required',
    permission: 'keys:create',
    isIdempotent: true,
    body: ApiKeyCreate,
    success: { status: 201, schema: ApiKey },
  },
  getApiKey: {
    method: 'GET',
    path: '/keys/{keyId}',
    tag: keysTag,
    summary: 'Read one API key',
    description:
      "Returns one key of the caller's company, whatever its status. A key may always read itself.",
    authentication: 'required',
    permission: 'keys:read',
    allowsSelf: true,
    hasEtag: true,
    success: { status: 200, schema: ApiKey },
  },
  updateApiKey: {
    method: 'PATCH',
    path: '/keys/{keyId}',
    tag: keysTag,
    summary: 'Change an API key',
    description:
      'Changes what is given and leaves the rest. Removing a restriction takes an explicit null. A change that ' +
      'disables the key is in force on every server when it is answered.',
    authentication: 'required',
    permission: 'keys:update',
    hasEtag: true,
    body: ApiKeyUpdate,
    success: { status: 200, schema: ApiKey },
  },
  deleteApiKey: {
    method: 'DELETE',
    path: '/keys/{keyId}',
    tag: keysTag,
    summary: 'Delete an API key',
    description:
      'Deactivates the key for good. When 204 is answered no server of the deployment accepts it any more. A key may ' +
      'always delete itself.',
    authentication: 'required',
    permission: 'keys:delete',
    allowsSelf: true,
    success: { status: 204 },
  },
  verifyApiKey: {
    method: 'POST',
    path: '/verify',
    tag: 'Verification',
    summary: 'Verify a key',
    description:
      'Answers 200 with a verdict for any key. The checks run in this order: visible to the caller, status, expiry, ' +
      'user, company, address, permissions.',
    authentication: 'required',
    permission: 'keys:verify',
    body: VerifyRequest,
    success: { status: 200, schema: VerifyResult },
  },
  verifyApiKeys: {
    method: 'POST',
    path: '/verify/batch',
    tag: 'Verification',
    summary: 'Verify up to 100 keys',
    description: 'Answers one verdict a key, in the order asked.',
    authentication: 'required',
    permission: 'keys:verify',
    body: VerifyBatchRequest,
    success: { status: 200, schema: VerifyBatchResult },
  },
  getMe: {
    method: 'GET',
    path: '/me',
    tag: 'Session',
    summary: 'Who this credential is',
    description: 'Returns what the credential stands for, what it is permitted, and the client address seen.',
    authentication: 'required',
    permission: null,
    success: { status: 200, schema: Me },
  },
  listUsers: {
    method: 'GET',
    path: '/users',
    tag: 'Users',
    summary: "List the company's users",
    description: 'Returns one page of users, newest first.',
    authentication: 'required',
    permission: 'users:list',
    query: ListUsersQuery,
    success: { status: 200, schema: UserList },
  },
  createUser: {
    method: 'POST',
    path: '/users',
    tag: 'Users',
    summary: 'Create a user',
    description: 'Creates a user of the company, with a role no higher than the caller’s own.',
    authentication: 'required',
    permission: 'users:create',
    isIdempotent: true,
    body: UserCreate,
    success: { status: 201, schema: User },
  },
  getUser: {
    method: 'GET',
    path: '/users/{userId}',
    tag: 'Users',
    summary: 'Read one user',
    description: 'Returns one user of the company.',
    authentication: 'required',
    permission: 'users:read',
    success: { status: 200, schema: User },
  },
  updateUser: {
    method: 'PATCH',
    path: '/users/{userId}',
    tag: 'Users',
    summary: 'Change a user',
    description:
      'Changes what is given and leaves the rest. When status inactive is answered, none of the user’s keys works.',
    authentication: 'required',
    permission: 'users:update',
    body: UserUpdate,
    success: { status: 200, schema: User },
  },
  listCompanies: {
    method: 'GET',
    path: '/companies',
    tag: 'Companies',
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
    tag: 'Companies',
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
    tag: 'Companies',
    summary: 'Read one company',
    description: 'Returns one company. For the operator.',
    authentication: 'required',
    permission: 'companies:read',
    success: { status: 200, schema: Company },
  },
  updateCompany: {
    method: 'PATCH',
    path: '/companies/{companyId}',
    tag: 'Companies',
    summary: 'Change a company',
    description:
      'Changes what is given and leaves the rest. When status inactive is answered, none of the company’s keys works. ' +
      'For the operator.',
    authentication: 'required',
    permission: 'companies:update',
    body: CompanyUpdate,
    success: { status: 200, schema: Company },
  },
  listAuditEvents: {
    method: 'GET',
    path: '/audit',
    tag: 'Audit',
    summary: "List the company's audit events",
    description: 'Returns one page of what happened in the company, newest first.',
    authentication: 'required',
    permission: 'audit:read',
    query: ListAuditQuery,
    success: { status: 200, schema: AuditEventList },
  },
  getHealth: {
    method: 'GET',
    path: '/healthz',
    tag: 'Operation',
    summary: 'Whether the process lives',
    description: 'Answers 200 as long as the process can answer at all.',
    authentication: 'none',
    permission: null,
    success: { status: 200, schema: Health },
  },
  getReadiness: {
    method: 'GET',
    path: '/readyz',
    tag: 'Operation',
    summary: 'Whether the service can do its work',
    description: 'Answers 200 when the store answers, else 503.',
    authentication: 'none',
    permission: null,
    success: { status: 200, schema: Readiness },
  },
} as const satisfies Record<string, Operation>

export type OperationId = keyof typeof operations
type Table = typeof operations

type SchemaOf<Row, Field extends string> = Row extends { readonly [F in Field]: infer S extends TSchema }
  ? Static<S>
  : undefined

/** Parsed query of an operation; undefined where it takes none. */
export type QueryOf<Id extends OperationId> = SchemaOf<Table[Id], 'query'>
/** Parsed body of an operation; undefined where it takes none. */
export type BodyOf<Id extends OperationId> = SchemaOf<Table[Id], 'body'>
/** Body of the success answer; undefined where it is empty. */
export type AnswerOf<Id extends OperationId> = SchemaOf<Table[Id]['success'], 'schema'>

type ParamNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamNames<Rest>
  : never
/** Path parameters, as untrusted text. */
export type ParamsOf<Id extends OperationId> = Record<ParamNames<Table[Id]['path']>, string>
