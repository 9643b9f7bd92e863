import { parseWhitelistedIPs } from '@latchkey/core/allowlist'
import { type DigestFormat, digestFormatName } from '@latchkey/core/digest-format'
import { parseDigest } from '@latchkey/core/digest-text'
import { inputError } from '@latchkey/core/error'
import { type Mode, Secret } from '@latchkey/core/secret'
import { type KeyLimits, readKeyLimits } from '../http/schema/key-limits.ts'
import { fitMetadata } from './fit-metadata.ts'
import type { ImportRow, SourceName, SourceStatus } from './import-row.ts'
import { isObject } from './is-object.ts'
import { judgeText, type TextRules } from './judge-text.ts'
import { RowRefusal } from './source-error.ts'

/** What a reader found in an item. */
export type Draft = {
  readonly line: number
  readonly source: SourceName
  /** The text, or the digest as it is written there. */
  readonly key?: string | undefined
  readonly hash?: string | undefined
  readonly format?: DigestFormat | undefined
  readonly userId?: string | undefined
  readonly externalUserId?: string | undefined
  readonly description?: string | undefined
  readonly permissions?: readonly string[] | undefined
  readonly whitelistedIPs?: readonly string[] | string | undefined
  readonly expiresAt?: string | undefined
  readonly createdAt?: string | undefined
  readonly mode?: Mode | undefined
  readonly status?: SourceStatus | undefined
  /** As the body that creates a key has them. */
  readonly rateLimits?: unknown
  readonly quota?: unknown
  readonly prefix?: string | undefined
  readonly lastFour?: string | undefined
  /** The owner's own facts, under their names. */
  readonly metadata?: unknown
  /** Fields that have no place here. */
  readonly rest?: readonly (readonly [string, unknown])[]
  /** The prefix for the names of `rest`. */
  readonly restPrefix?: string
  readonly notes?: readonly string[]
}

/** Checks what was found against what a key may be. Throws RowRefusal. */
export function buildRow(draft: Draft, rules: TextRules): ImportRow {
  const notes = [...(draft.notes ?? [])]
  const presented = presentedOf(draft, rules, notes)
  const description = shorten(draft.description, DESCRIPTION_LENGTH_MAX)
  const own = Object.entries(isObject(draft.metadata) ? draft.metadata : { metadata: draft.metadata })
  const prefix = draft.restPrefix ?? `${draft.source}.`
  const moved = (draft.rest ?? []).map(([name, value]) => [`${prefix}${name}`, value] as const)
  if (description !== draft.description) moved.push([`${prefix}description`, draft.description])
  const fitted = fitMetadata([...own, ...moved])
  const kept = moved.map(([name]) => name).filter((name) => Object.hasOwn(fitted.metadata, name))
  if (kept.length > 0) notes.push(`Kept as metadata: ${kept.join(', ')}.`)
  return {
    ...presented,
    line: draft.line,
    source: draft.source,
    userId: draft.userId,
    externalUserId: ownerOf(draft),
    description,
    permissions: draft.permissions,
    whitelistedIPs: allowlistOf(draft.whitelistedIPs),
    expiresAt: draft.expiresAt,
    createdAt: draft.createdAt,
    mode: draft.mode ?? 'live',
    status: draft.status ?? 'active',
    ...limitsOf(draft),
    prefix: hintOf(draft.prefix, PREFIX_LENGTH_MAX),
    lastFour: hintOf(draft.lastFour, 4),
    metadata: fitted.metadata,
    notes: [...notes, ...fitted.notes],
  }
}

const DESCRIPTION_LENGTH_MAX = 200
const OWNER_LENGTH_MAX = 200
const PREFIX_LENGTH_MAX = 32

function presentedOf(
  { key, hash, format, mode }: Draft,
  rules: TextRules,
  notes: string[],
): { key: Secret } | { hash: Uint8Array; format: DigestFormat } {
  if (key !== undefined && hash !== undefined)
    throw new RowRefusal('it has both a key and a hash: leave one out.')
  if (key !== undefined) {
    notes.push(...judgeText(key, rules))
    return { key: new Secret(key, mode ?? 'live') }
  }
  if (hash === undefined) throw new RowRefusal('it has neither a key nor a hash: export that column too.')
  if (format === undefined) {
    throw new RowRefusal('it does not say how its hash was made: give the format, as with --format sha256.')
  }
  const parsed = parseDigest(hash, format.algorithm)
  if ('detail' in parsed) throw new RowRefusal(`the hash ${parsed.detail}`)
  if (isEveryTexts(parsed.bytes, format)) {
    throw new RowRefusal(`the hash is that of nothing, by ${digestFormatName(format)}: it belongs to no key.`)
  }
  return { hash: parsed.bytes, format }
}

/** The digests of the empty text: those of rows whose text was lost before it was hashed. */
const OF_NOTHING: ReadonlySet<string> = new Set([
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'c672b8d1ef56ed28ab87c3622c5114069bdd3ad7b8f9737498d0c01ecef0967a',
  'cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e',
])

function isEveryTexts(bytes: Buffer, { algorithm }: DigestFormat): boolean {
  return algorithm !== 'hmac-sha256' && OF_NOTHING.has(bytes.toString('hex'))
}

/** One line without characters that a list or a log would trip over. */
function shorten(text: string | undefined, lengthMax: number): string | undefined {
  const line = text
    ?.toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .trim()
  if (line === undefined || line === '') return undefined
  return line.length > lengthMax ? `${line.slice(0, lengthMax - 1).toWellFormed()}…` : line
}

function ownerOf({ userId, externalUserId }: Draft): string | undefined {
  if (externalUserId === undefined || userId !== undefined) return undefined
  if (
    externalUserId.length <= OWNER_LENGTH_MAX &&
    shorten(externalUserId, OWNER_LENGTH_MAX) === externalUserId
  ) {
    return externalUserId
  }
  throw new RowRefusal('the id of its owner is longer than 200 characters, or holds control characters.')
}

function allowlistOf(value: readonly string[] | string | undefined): string[] | undefined {
  const parsed = parseWhitelistedIPs(value)
  if ('entries' in parsed) return parsed.entries ?? undefined
  throw new RowRefusal(`its list of addresses: ${parsed.problems[0]?.detail ?? 'cannot be read.'}`)
}

/** What creation refuses is refused in its words. */
function limitsOf({ rateLimits, quota }: Draft): KeyLimits {
  if (rateLimits == null && quota == null) return NO_LIMITS
  const read = readKeyLimits({ rateLimits, quota })
  if (!('faults' in read)) return read
  throw new RowRefusal(inputError(read.faults.slice(0, 1)).detail)
}

const NO_LIMITS: KeyLimits = { rateLimits: null, quota: null }

const hintOf = (text: string | undefined, lengthMax: number): string | undefined =>
  text !== undefined && /^[!-~]+$/.test(text) && text.length <= lengthMax ? text : undefined
