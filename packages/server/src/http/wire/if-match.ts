import type { IncomingMessage } from 'node:http'
import type { Operation } from '@latchkey/contract/operations/operation'
import { inputError } from '@latchkey/core/error'
import { headerValues } from './raw-headers.ts'

const TAG = /"([^"]*)"/g
/** Our own tag, and what a proxy that compresses adds to it: "3-gzip" of Apache, "3--gzip" of Jetty. */
const OURS = /^(0|[1-9]\d{0,14})(?:-+[a-z]+)?$/i

/**
 * The condition of If-Match (RFC 9110 §13.1.1) on a row's version: no header, `*`, or one of the tags listed. The
 * version decides, strong or weak: a proxy that compresses makes W/"3" of our "3". What is no tag of ours matches
 * nothing.
 */
export function parseIfMatch(values: readonly string[]): (version: number) => boolean {
  if (values.length === 0) return () => true
  const text = values.join(',')
  if (text.trim() === '*') return () => true
  const tags = [...text.matchAll(TAG)].map(([, tag]) => OURS.exec(tag!)?.[1])
  const versions = new Set(tags.filter((version) => version !== undefined).map(Number))
  return (version) => versions.has(version)
}

/** The version of a row, as a strong entity tag (RFC 9110 §8.8.3). */
export const etagOf = ({ version }: { readonly version: number }): string => `"${version}"`

/** The conditions that an operation cannot check, each with what whoever sends it is told. */
export type UncheckedConditions = readonly (readonly [header: string, detail: string])[]

/** Reading and asking change nothing, whatever was meant; nor does what makes something new, unlike a new secret. */
export function uncheckedConditions({ method, hasEtag }: Operation): UncheckedConditions {
  if (method === 'GET' || (method === 'POST' && hasEtag !== true)) return NONE
  const instead = hasEtag === true ? 'send the ETag of what you read as If-Match' : 'leave it out'
  const others = ['If-None-Match', 'If-Unmodified-Since'].map(
    (header) => [header, `is not looked at where something is changed: ${instead}.`] as const,
  )
  if (hasEtag === true) return others
  return [['If-Match', 'is not possible here, where answers have no ETag: leave it out.'], ...others]
}

const NONE: UncheckedConditions = []

/** Throws AppError `invalid_parameter`: a condition that cannot be checked must not pass for one that holds. */
export function refuseConditions(request: IncomingMessage, unchecked: UncheckedConditions): void {
  for (const [header, detail] of unchecked) {
    if (headerValues(request, header.toLowerCase()).length === 0) continue
    throw inputError([{ header, code: 'invalid_parameter', detail }])
  }
}
