import type { CompanyId } from '@latchkey/core/ids'
import { type AuditChain, isEqual } from './chain.ts'

/** A chain as somebody saw it: how many events it had, and the hash of the last, as far as `HEAD_LENGTH` tells it. */
export type Sighting = { readonly count: number; readonly head: string; readonly at: string }

/** What the list of companies and some chains were at one moment. */
export type Checkpoint = {
  /** UTC, as a text. */
  readonly at: string
  readonly list: { readonly count: number; readonly head: string }
  readonly chains: readonly { readonly companyId: CompanyId; readonly count: number; readonly head: string }[]
}

/** Of a hash, in hexadecimal: 128 bits, so that a line of a log stays short. */
const HEAD_LENGTH = 32
const FORM = 'lkc1'
/** What a checkpoint begins with, wherever it stands in a line. */
const BEGINNING = `${FORM};`
const WHOLE = new RegExp(
  `^${FORM};([0-9TZ:.-]+);([0-9]+):([0-9a-f]{${HEAD_LENGTH}});((?:cmp_[0-9a-z]+:[0-9]+:[0-9a-f]{${HEAD_LENGTH}},?)*);([\\w-]{43})`,
)

export const shortHead = (head: Uint8Array): string => Buffer.from(head).toString('hex').slice(0, HEAD_LENGTH)

/** One word, of characters that no log escapes, under the audit key: what was changed or made up is not believed. */
export function writeCheckpoint(chain: AuditChain, { at, list, chains }: Checkpoint): string {
  const entries = chains.map(({ companyId, count, head }) => `${companyId}:${count}:${head}`)
  const text = [FORM, at, `${list.count}:${list.head}`, entries.join(',')].join(';')
  return `${text};${sealOf(chain, text)}`
}

/**
 * Every checkpoint in a line, whatever a log has put around it. Throws Error with what is wrong when one is not whole,
 * or not of this deployment.
 */
export function readCheckpoints(chain: AuditChain, line: string): Checkpoint[] {
  const found: Checkpoint[] = []
  for (let start = line.indexOf(BEGINNING); start >= 0; start = line.indexOf(BEGINNING, start + 1)) {
    found.push(readOne(chain, line.slice(start)))
  }
  return found
}

function readOne(chain: AuditChain, text: string): Checkpoint {
  const [whole, at, count, head, entries, seal] = WHOLE.exec(text) ?? []
  if (whole === undefined || seal === undefined) throw new Error('a checkpoint that was cut off or changed')
  if (!isEqual(Buffer.from(sealOf(chain, whole.slice(0, -seal.length - 1))), Buffer.from(seal))) {
    throw new Error('a checkpoint that was changed, or made by another deployment')
  }
  const chains = entries!
    .split(',')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [companyId, events, hash] = entry.split(':')
      return { companyId: companyId as CompanyId, count: Number(events), head: hash! }
    })
  return { at: at!, list: { count: Number(count), head: head! }, chains }
}

function sealOf(chain: AuditChain, text: string): string {
  return chain.mark('checkpoint', text).toString('base64url')
}
