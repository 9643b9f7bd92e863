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
  /** The most bytes that the body may have, where it is not BODY_BYTES_MAX: as many as its schema allows, and some. */
  readonly bodyBytesMax?: number
  readonly success: { readonly status: 200 | 201 | 204; readonly schema?: TSchema }
}

/**
 * Bytes of a body, white space included. The largest that a schema allows fits: every string as long as it may be, of
 * characters of four bytes.
 */
export const BODY_BYTES_MAX = 64 * 1024

export const bodyBytesMaxOf = ({ bodyBytesMax = BODY_BYTES_MAX }: Operation): number => bodyBytesMax

/** In the words of documents and refusals. */
export const shownBytes = (bytes: number): string => `${(bytes / 1024).toLocaleString('en')} KiB`
