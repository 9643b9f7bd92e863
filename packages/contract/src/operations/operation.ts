import type { TSchema } from 'typebox'

/** One row of the table that every route, the OpenAPI document and the conformance test hang on. */
export type Operation = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
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
  /** Only for the token of a session. */
  readonly needsSession?: true
  /** Takes `Idempotency-Key`. */
  readonly isIdempotent?: true
  /** Takes `If-Match`, but for GET; answers with a body carry an `ETag`. */
  readonly hasEtag?: true
  /** A probe asks in its own way: Accept and query are not looked at. */
  readonly isProbe?: true
  readonly query?: TSchema
  readonly body?: TSchema
  readonly success: { readonly status: 200 | 201 | 204; readonly schema?: TSchema }
}
