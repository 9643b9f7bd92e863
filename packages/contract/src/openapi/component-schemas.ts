import type { TSchema } from 'typebox'
import { AuditEvent, AuditEventList } from '../schemas/audit.ts'
import { Company, CompanyCreate, CompanyList, CompanyUpdate } from '../schemas/companies.ts'
import { Health, Readiness } from '../schemas/health.ts'
import { ImportRequest, ImportResult } from '../schemas/import.ts'
import {
  ApiKey,
  ApiKeyCreate,
  ApiKeyList,
  ApiKeyStatus,
  ApiKeyUpdate,
  RotationCreate,
  RotationUpdate,
  WhitelistedIPs,
} from '../schemas/keys.ts'
import { RateLimits, UseQuota } from '../schemas/limits.ts'
import { Problem } from '../schemas/problem.ts'
import {
  Done,
  Invitation,
  Me,
  SetPassword,
  ShortLivedTokenRequest,
  SignIn,
  Token,
} from '../schemas/session.ts'
import { Role } from '../schemas/shared.ts'
import { AllowlistPreview, AllowlistPreviewRequest, KeyUsage, UsageList, UsageSum } from '../schemas/usage.ts'
import { UpdatedUser, User, UserCreate, UserList, UserUpdate } from '../schemas/users.ts'
import {
  VerifyBatchRequest,
  VerifyBatchResult,
  VerifyRequest,
  VerifyResult,
} from '../schemas/verification.ts'
import {
  ChangesRequest,
  ChangesResult,
  KeyRecordRequest,
  KeyRecordResult,
  UsageReport,
  UsageReportResult,
} from '../schemas/verifiers.ts'
import type { Reference, SchemaObject } from './document.ts'

/** Every schema that has a name in the document. Wherever the same object occurs inside another, it is a $ref. */
const NAMED: Readonly<Record<string, TSchema>> = {
  ApiKeyCreate,
  ApiKeyUpdate,
  RotationCreate,
  RotationUpdate,
  ImportRequest,
  ImportResult,
  WhitelistedIPs,
  RateLimits,
  UseQuota,
  ApiKeyStatus,
  ApiKey,
  ApiKeyList,
  VerifyRequest,
  VerifyResult,
  VerifyBatchRequest,
  VerifyBatchResult,
  KeyRecordRequest,
  KeyRecordResult,
  ChangesRequest,
  ChangesResult,
  UsageReport,
  UsageReportResult,
  KeyUsage,
  UsageSum,
  UsageList,
  AllowlistPreviewRequest,
  AllowlistPreview,
  Me,
  SignIn,
  SetPassword,
  ShortLivedTokenRequest,
  Token,
  Done,
  Role,
  UserCreate,
  UserUpdate,
  User,
  UserList,
  UpdatedUser,
  Invitation,
  CompanyCreate,
  CompanyUpdate,
  Company,
  CompanyList,
  AuditEvent,
  AuditEventList,
  Health,
  Readiness,
  Problem,
}
const NAMES = new Map<unknown, string>(Object.entries(NAMED).map(([name, schema]) => [schema, name]))

export function componentSchemas(): Record<string, SchemaObject> {
  return Object.fromEntries(Object.entries(NAMED).map(([name, schema]) => [name, inside(schema)]))
}

/** Throws TypeError for a schema that has no name: whatever an operation takes or answers must have one. */
export function referenceTo(schema: TSchema): Reference {
  const name = NAMES.get(schema)
  if (name === undefined) throw new TypeError('name the schema in component-schemas.ts')
  return { $ref: `#/components/schemas/${name}` }
}

/** The schema as plain JSON, without what typebox keeps on it for itself. */
export function plainSchema(schema: TSchema): SchemaObject {
  return plain(schema) as SchemaObject
}

function plain(value: unknown): unknown {
  const name = NAMES.get(value)
  return name === undefined ? inside(value) : { $ref: `#/components/schemas/${name}` }
}

function inside(value: unknown): SchemaObject
function inside(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([keyword, part]) => [keyword, plain(part)]))
}
