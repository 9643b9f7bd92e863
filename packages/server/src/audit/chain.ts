import { createHash, timingSafeEqual } from 'node:crypto'
import { createHmacSha256 } from '@latchkey/core/hmac'
import type { CompanyId } from '@latchkey/core/ids'
import type { Ledger } from '../storage/tables/ledger-columns.ts'
import type { AuditEventRow } from '../storage/tables/schema.ts'

/** What the chain of a new company starts from, and the list of companies of a new store. */
export const CHAIN_START = Buffer.alloc(32)

/** An event before it has its place in the chain. */
export type UnchainedEvent = Omit<AuditEventRow, 'hash'>

/** What a company's row says of its chain, and what is sealed of it. */
export type ChainEnd = Pick<Ledger, 'id' | 'auditCount' | 'auditHead' | 'auditCut' | 'auditCutHead'>

/** `broken`: marked as a chain that did not hold, and as one that nobody has accepted since. */
type SealKind = 'whole' | 'broken'

export type AuditChain = {
  /** HMAC-SHA-256 over the previous hash and the event's canonical form. */
  hash(previous: Uint8Array, event: UnchainedEvent): Buffer
  /** HMAC-SHA-256 over a company's count and head, and where its chain was cut: one that was shortened does not fit. */
  seal(end: ChainEnd, kind: SealKind): Buffer
  /** Which seal a company's row has; `undefined`: none of ours, so the row was changed by somebody else. */
  sealOf(ledger: ChainEnd & Pick<Ledger, 'auditSeal'>): SealKind | undefined
  /** Stands for the hash of an event (`hash`) whose personal values were taken out: over its place and what is left. */
  redaction(previous: Uint8Array, hash: Uint8Array, event: UnchainedEvent): Buffer
  /** Chains that this process has added to, and of which no checkpoint was logged since. */
  readonly written: Set<CompanyId>
  /** HMAC-SHA-256 under the same key, over anything else that has to be known again. `use` tells uses apart. */
  mark(use: string, ...parts: readonly (string | Uint8Array)[]): Buffer
}

/** Whoever can write to the database but has not the server secret cannot make a chain that holds. */
export function createAuditChain(auditKey: Uint8Array): AuditChain {
  const hmac = createHmacSha256(auditKey)
  const seal = (end: ChainEnd, kind: SealKind) => hmac(sealed(end, kind), end.auditHead)
  const mark = (use: string, ...parts: readonly (string | Uint8Array)[]) => {
    const lengths = parts.map((part) => Buffer.byteLength(part))
    return hmac(JSON.stringify([use, ...lengths]), ...parts)
  }
  return {
    written: new Set(),
    hash: (previous, event) => hmac(linkOf(previous), canonical(event)),
    seal,
    sealOf: (ledger) => {
      if (isEqual(seal(ledger, 'whole'), ledger.auditSeal)) return 'whole'
      return isEqual(seal(ledger, 'broken'), ledger.auditSeal) ? 'broken' : undefined
    },
    redaction: (previous, hash, event) => mark('redacted', linkOf(previous), linkOf(hash), canonical(event)),
    mark,
  }
}

/** A chain without events, as a new company's row has it. */
export function newChain(chain: AuditChain, id: CompanyId): ChainEnd & Pick<Ledger, 'auditSeal'> {
  const end = { id, auditCount: 0, auditHead: CHAIN_START, auditCut: 0, auditCutHead: null }
  return { ...end, auditSeal: chain.seal(end, 'whole') }
}

export function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right)
}

/** What the next event is chained to. No hash of ours has another length, and none may pass for text. */
function linkOf(hash: Uint8Array): Uint8Array {
  return hash.length === CHAIN_START.length ? hash : createHash('sha256').update(hash).digest()
}

/** A chain that was never cut is sealed as it was before chains could be cut. */
function sealed(end: ChainEnd, kind: SealKind): string {
  const name = kind === 'whole' ? 'seal' : 'broken'
  const { id, auditCount: count, auditCut: cut, auditCutHead: cutHead } = end
  if (cut === 0 && cutHead === null) return JSON.stringify([name, id, count])
  return JSON.stringify([
    name,
    id,
    count,
    cut,
    cutHead === null ? null : Buffer.from(cutHead).toString('hex'),
  ])
}

/** One text for one event: an array has no order of names to disagree about. */
function canonical(event: UnchainedEvent): string {
  return JSON.stringify([
    'event',
    event.company_id,
    event.id,
    event.sequence,
    event.at,
    event.action,
    event.actor_type,
    event.actor_id,
    event.actor_user_id,
    event.object_type,
    event.object_id,
    event.address,
    event.request_id,
    event.changes,
  ])
}
