import type { CompanyId } from '@latchkey/core/ids'
import { listEventsAfter } from '../storage/tables/audit.ts'
import { findLedger } from '../storage/tables/ledger.ts'
import type { Ledger } from '../storage/tables/ledger-columns.ts'
import type { Db } from '../storage/tables/schema.ts'
import { type AuditChain, CHAIN_START, isEqual } from './chain.ts'
import { type Misfit, type Walked, walkChain } from './chain-walk.ts'
import type { Sighted } from './sightings.ts'

/** Events read at once: some 500 KB. */
const CHUNK_ROWS = 1_000
/** Nothing of a chain is left out, whatever number somebody has given it. */
const BEFORE_ALL = Number.MIN_SAFE_INTEGER

export type ChainReport = {
  /** How many events were pruned from its start; absent: none. */
  readonly prunedEvents?: number
  /** Breaks that somebody has accepted on the server; absent: none. */
  readonly acceptedBreaks?: number
} & (
  | { readonly isIntact: true; readonly events: number }
  | {
      readonly isIntact: false
      /** Of the first event that does not fit; undefined: the chain's end does not fit the company's record. */
      readonly eventId: string | undefined
      readonly sequence: number
      readonly reason: string
    }
)

type VerifyOptions = {
  /** What checkpoints saw of the chain. */
  readonly seen?: Sighted | undefined
  /** Called with the number of events read so far. */
  readonly onProgress?: (events: number) => void
}

/**
 * Recomputes a company's chain of audit events. Finds an event that was changed, deleted, inserted, moved, or cut
 * off at either end, and names the first one that does not fit.
 */
export async function verifyChain(
  db: Db,
  chain: AuditChain,
  companyId: CompanyId,
  options: VerifyOptions = {},
): Promise<ChainReport> {
  return (await examineChain(db, chain, companyId, options)).report
}

/** The same, and all that was found, for whoever accepts it. */
export async function examineChain(
  db: Db,
  chain: AuditChain,
  companyId: CompanyId,
  options: VerifyOptions = {},
): Promise<{ readonly report: ChainReport; readonly walked: Walked }> {
  const found = await walkCompany(db, chain, companyId, options)
  return { report: reportOf(chain, found, options), walked: found.walked }
}

function reportOf(
  chain: AuditChain,
  { ledger, walked, cutFault }: WalkedChain,
  options: VerifyOptions,
): ChainReport {
  const misfit =
    cutFault ?? firstOf(walked) ?? endFault(chain, ledger, walked) ?? shortness(walked, options.seen)
  const besides = {
    ...(ledger.auditCut === 0 ? {} : { prunedEvents: ledger.auditCut }),
    ...(walked.acceptedBreaks === 0 ? {} : { acceptedBreaks: walked.acceptedBreaks }),
  }
  if (misfit !== undefined) return { isIntact: false, ...misfit, ...besides }
  return { isIntact: true, events: walked.sequence - ledger.auditCut, ...besides }
}

type WalkedChain = {
  readonly ledger: Ledger
  readonly walked: Walked
  /** Checkpoints saw something else where the chain was cut. */
  readonly cutFault: EndFault | undefined
}

/** Walks the whole chain as it is there. */
export async function walkCompany(
  db: Db,
  chain: AuditChain,
  companyId: CompanyId,
  { seen, onProgress = () => {} }: VerifyOptions = {},
): Promise<WalkedChain> {
  const ledger = await findLedger(db, companyId)
  if (ledger === undefined) throw new Error(`${companyId} is missing`)
  const start = { sequence: ledger.auditCut, head: ledger.auditCutHead ?? CHAIN_START }
  const reason = seen?.differs(start.sequence, start.head)
  const cutFault = reason === undefined ? undefined : { eventId: undefined, sequence: start.sequence, reason }
  const walk = walkChain(chain, start, seen)
  let last = BEFORE_ALL
  for (let read = 0; ; ) {
    const events = await listEventsAfter(db, companyId, last, CHUNK_ROWS)
    for (const event of events) walk.take(event)
    last = events.at(-1)?.sequence ?? last
    read += events.length
    onProgress(read)
    if (events.length < CHUNK_ROWS) return { ledger, walked: walk.state(), cutFault }
  }
}

function firstOf({ broken, unexpected }: Walked): Misfit | undefined {
  if (broken === undefined || unexpected === undefined) return broken ?? unexpected
  return unexpected.sequence < broken.sequence ? unexpected : broken
}

type EndFault = { readonly eventId: undefined; readonly sequence: number; readonly reason: string }

/** Why the end of a chain does not fit what its company's row says of it. */
export function endFault(chain: AuditChain, ledger: Ledger, walked: Walked): EndFault | undefined {
  const { sequence, head, cut } = walked
  const end = (reason: string) => ({ eventId: undefined, sequence, reason })
  if (chain.sealOf(ledger) === undefined) return end("the company's record of its chain was changed")
  if (ledger.auditCount !== sequence || !isEqual(head, ledger.auditHead)) {
    return end(`the chain has ${sequence} events and should have ${ledger.auditCount}`)
  }
  if (chain.sealOf(ledger) === 'broken') return end('it was broken, and nobody has accepted that')
  if (ledger.auditCut !== cut) {
    return end(`it starts after event ${ledger.auditCut}, and its events say after ${cut}`)
  }
  return undefined
}

function shortness({ sequence }: Walked, seen: Sighted | undefined): EndFault | undefined {
  const reason = seen?.ends(sequence)
  return reason === undefined ? undefined : { eventId: undefined, sequence, reason }
}
