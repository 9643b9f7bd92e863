import type { CompanyId } from '@latchkey/core/ids'
import type { Engine } from '../storage/engine.ts'
import type { AuditChain } from './chain.ts'
import type { Walked } from './chain-walk.ts'
import { type CompanyListReport, examineCompanyList, type WalkedList } from './company-list.ts'
import type { Sightings } from './sightings.ts'
import { type ChainReport, examineChain } from './verify-chain.ts'

export type StoreReport = {
  readonly list: CompanyListReport
  readonly walkedList: WalkedList
  readonly chains: readonly ChainFindings[]
}

/** `walked` undefined: the company is gone. */
type ChainFindings = {
  readonly companyId: CompanyId
  readonly report: ChainReport
  readonly walked: Walked | undefined
}

type VerifyOptions = {
  /** What checkpoints saw of the store. */
  readonly seen?: Sightings | undefined
  readonly onProgress?: (companyId: CompanyId, events: number) => void
}

/**
 * Verifies the list of companies, then the audit chain of each in a snapshot of its own; of a store that was restored
 * and that the operator has not accepted, too.
 */
export async function verifyStore(
  { engine, chain }: { readonly engine: Engine; readonly chain: AuditChain },
  { seen, onProgress = () => {} }: VerifyOptions = {},
): Promise<StoreReport> {
  const ids = new Set<CompanyId>()
  const { report: list, walked: walkedList } = await engine.inspect((db) =>
    examineCompanyList(db, chain, (id) => void ids.add(id), seen?.list()),
  )
  const chains: ChainFindings[] = []
  for (const companyId of ids) {
    // A walk that lost its connection begins again, and then nothing of the chain was held against anything yet.
    const found = await engine.inspect((db) =>
      examineChain(db, chain, companyId, {
        seen: seen?.chain(companyId),
        onProgress: (events) => onProgress(companyId, events),
      }),
    )
    chains.push({ companyId, ...found })
  }
  for (const companyId of seen?.companyIds() ?? []) {
    if (ids.has(companyId)) continue
    chains.push({ companyId, report: gone(seen?.chain(companyId).ends(0)), walked: undefined })
  }
  return { list, walkedList, chains }
}

function gone(reason = 'a checkpoint saw it'): ChainReport {
  return { isIntact: false, eventId: undefined, sequence: 0, reason: `the company is gone: ${reason}` }
}
