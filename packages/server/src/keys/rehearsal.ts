import { type Fingerprint, fingerprintBytes } from '@latchkey/core/fingerprint'
import type { ImportFormat } from '@latchkey/core/imported-text'
import { createLineTable } from '../import/line-table.ts'

/** What the steps of a dry run would have left to those after them, had they been made. */
export type Rehearsal = {
  formats: readonly ImportFormat[] | undefined
  has(tag: Fingerprint): boolean
  add(tag: Fingerprint): void
}

export function createRehearsal(): Rehearsal {
  const tags = createLineTable()
  const markOf = (tag: Fingerprint): bigint => Buffer.from(fingerprintBytes(tag)).readBigUInt64LE()
  return {
    formats: undefined,
    has: (tag) => tags.find(markOf(tag)) !== undefined,
    add: (tag) => void tags.note(markOf(tag), 1),
  }
}
