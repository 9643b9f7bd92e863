import { ROLES, type Role as RoleName } from '@latchkey/core/permission'
import { type TSchema, Type } from 'typebox'

/** A timestamp on the wire: UTC, milliseconds, `Z`. */
export const Timestamp = (description: string) => Type.String({ format: 'date-time', description })

/** A schema or null, written the way OpenAPI 3.1 tools read best: one `type` with two names. */
export const NullableString = (options: Record<string, unknown>) =>
  Type.Unsafe<string | null>({ type: ['string', 'null'], ...options })

export const NullableTimestamp = (description: string) => NullableString({ format: 'date-time', description })

/** As a time comes in: a fraction of a second may have as many digits as a clock can count, and more. */
export const NullableTimestampInput = (description: string) =>
  NullableString({ format: 'date-time', maxLength: 64, description })

export const StatusEnum = (description: string) =>
  Type.Unsafe<'active' | 'inactive'>({ type: 'string', enum: ['active', 'inactive'], description })

export const Role = Type.Unsafe<RoleName>({
  type: 'string',
  enum: [...ROLES],
  description: 'owner > admin > developer > viewer.',
})

/**
 * Text a person writes and reads: no control characters and line separators, so that a list or a log line stays one
 * line; none of Unicode's Bidi_Control, so that it reads as what it is.
 */
export const LINE_PATTERN =
  '^[^\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]*$'
/** Text of several lines: no control characters but tab and line feed. */
export const LINES_PATTERN = '^[^\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f]*$'

/** 64 characters each side of the colon, or a wildcard. Meaning is checked where it is used. */
const PERMISSION_LENGTH_MAX = 129
const PERMISSIONS_MAX = 100

/** Wide of the grammar, which is checked where it is used; narrow enough that a character is a byte. */
export const PERMISSION_PATTERN = '^[ -~]*$'

export const Permissions = (description: string, limits: { minItems?: number; maxItems?: number } = {}) =>
  Type.Array(Type.String({ maxLength: PERMISSION_LENGTH_MAX, pattern: PERMISSION_PATTERN }), {
    maxItems: PERMISSIONS_MAX,
    ...limits,
    description,
  })

export const NullablePermissions = (description: string) =>
  Type.Unsafe<readonly string[] | null>({
    type: ['array', 'null'],
    items: { type: 'string', maxLength: PERMISSION_LENGTH_MAX },
    maxItems: PERMISSIONS_MAX,
    description,
  })

export const ExternalId = NullableString({
  minLength: 1,
  maxLength: 200,
  pattern: LINE_PATTERN,
  description: "The host application's own id, unique in its company.",
})

export const Name = Type.String({ minLength: 1, maxLength: 200, pattern: LINE_PATTERN })

/** The list envelope: the same five facts about every page, then its rows. */
export function listOf<Item extends TSchema>(item: Item, noun: string) {
  return {
    status: Type.Integer({
      description: 'HTTP status of this answer, repeated in the body.',
      examples: [200],
    }),
    total: Type.Integer({ minimum: 0, description: `How many ${noun} match the filter, over all pages.` }),
    count: Type.Integer({ minimum: 0, description: `How many ${noun} are in \`data\`.` }),
    nextUrl: NullableString({ description: 'Address of the next page, null on the last.' }),
    previousUrl: NullableString({ description: 'Address of the previous page, null on the first.' }),
    data: Type.Array(item, { description: `The ${noun} of this page.` }),
  }
}

/** Query parameters of every list. */
export const pageQuery = {
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 100,
      default: 25,
      description: 'The most results one page may hold.',
    }),
  ),
  startingAfter: Type.Optional(
    Type.String({
      description: 'Id of an item; the page begins with the one that follows it in list order.',
    }),
  ),
  endingBefore: Type.Optional(
    Type.String({ description: 'Id of an item; the page ends with the one that precedes it in list order.' }),
  ),
  offset: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'How many results to skip from the start.',
    }),
  ),
}
