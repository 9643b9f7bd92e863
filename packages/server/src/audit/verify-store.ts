import type { CompanyId } from '@latchkey/core/ids'
import type { Engine } from '../storage/engine.ts'
import type { AuditChain } from './chain.ts'
import { type CompanyListReport, verifyCompanyList } from './company-list.ts'
import { type ChainReport, verifyChain } from './verify-chain.ts'

export type StoreReport = {
  readonly list: CompanyListReport
  readonly chains: readonly { readonly companyId: CompanyId; readonly report: ChainReport }[]
}

/** Verifies the list of companies, then the audit chain of each in a snapshot of its own. */
export async function verifyStore(
  { engine, chain }: { readonly engine: Engine; readonly chain: AuditChain },
  onProgress: (companyId: CompanyId, events: number) => void = () => {},
): Promise<StoreReport> {
  const ids: CompanyId[] = []
  const list = await engine.inspect((db) => verifyCompanyList(db, chain, (id) => void ids.push(id)))
  const chains: { companyId: CompanyId; report: ChainReport }[] = []
  for (const companyId of ids) {
    const report = await engine.inspect((db) =>
      verifyChain(db, chain, companyId, { onProgress: (events) => onProgress(companyId, events) }),
    )
    chains.push({ companyId, report })
  }
  return { list, chains }
}
