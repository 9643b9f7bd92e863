/** A JSON Schema (2020-12) as the document holds it: the keywords our schemas use. */
export type SchemaObject = {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly title?: string
  readonly description?: string
  readonly format?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly maxProperties?: number
  readonly items?: SchemaObject
  readonly properties?: Readonly<Record<string, SchemaObject>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | SchemaObject
}

export type Reference = { readonly $ref: string }

export type ParameterObject = {
  readonly name: string
  readonly in: 'query' | 'path' | 'header'
  readonly required: boolean
  readonly description?: string
  readonly schema: SchemaObject
  readonly example?: string
}

export type HeaderObject = { readonly description: string; readonly schema: SchemaObject }

export type Example = { readonly summary: string; readonly value: unknown }

type MediaTypeObject = {
  readonly schema: SchemaObject
  readonly examples?: Readonly<Record<string, Example>>
}

export type ResponseObject = {
  readonly description: string
  readonly headers?: Readonly<Record<string, HeaderObject | Reference>>
  readonly content?: Readonly<Record<string, MediaTypeObject>>
}

type RequestBodyObject = {
  readonly required: boolean
  readonly description?: string
  readonly content: Readonly<Record<string, MediaTypeObject>>
}

export type SecurityRequirement = Readonly<Record<string, readonly string[]>>

export type OperationObject = {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly description: string
  readonly security: readonly SecurityRequirement[]
  readonly parameters: readonly (ParameterObject | Reference)[]
  readonly requestBody?: RequestBodyObject
  readonly responses: Readonly<Record<string, ResponseObject | Reference>>
  /** What the caller must hold; null: any credential will do, or none is needed. */
  readonly 'x-permission': string | null
  /** The most bytes that the body may have; more is 413. */
  readonly 'x-body-bytes-max'?: number
  /** The codes of the problems it may answer, by HTTP status. */
  readonly 'x-problem-codes': Readonly<Record<string, readonly string[]>>
}

export type SecurityScheme = {
  readonly type: string
  readonly description: string
  readonly [field: string]: unknown
}

type Components = {
  readonly securitySchemes: Readonly<Record<string, SecurityScheme>>
  readonly parameters: Readonly<Record<string, ParameterObject>>
  readonly headers: Readonly<Record<string, HeaderObject>>
  readonly responses: Readonly<Record<string, ResponseObject>>
  readonly schemas: Readonly<Record<string, SchemaObject>>
}

/** What we write of an OpenAPI 3.1 document. */
export type OpenApiDocument = {
  readonly openapi: string
  readonly info: {
    readonly title: string
    readonly version: string
    readonly summary: string
    readonly description: string
    readonly license: { readonly name: string; readonly identifier: string }
  }
  readonly servers: readonly { readonly url: string; readonly description: string }[]
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly security: readonly SecurityRequirement[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>
  readonly components: Components
}
