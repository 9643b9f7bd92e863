import type { Static, TSchema } from 'typebox'
import { auditOperations } from './operations/audit.ts'
import { companyOperations } from './operations/companies.ts'
import { healthOperations } from './operations/health.ts'
import { keyOperations } from './operations/keys.ts'
import { sessionOperations } from './operations/session.ts'
import { usageOperations } from './operations/usage.ts'
import { userOperations } from './operations/users.ts'
import { verificationOperations } from './operations/verification.ts'
import { verifierOperations } from './operations/verifiers.ts'

/** The table that every route, the OpenAPI document and the conformance test hang on, in the order of the documentation. */
export const operations = {
  ...keyOperations,
  ...verificationOperations,
  ...verifierOperations,
  ...usageOperations,
  ...sessionOperations,
  ...userOperations,
  ...companyOperations,
  ...auditOperations,
  ...healthOperations,
} as const

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
