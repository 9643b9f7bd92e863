import type { CompanyId } from '@latchkey/core/ids'
import { findDeployment } from '../storage/tables/deployment.ts'
import { findLedgers, listLedgersAfter } from '../storage/tables/ledger.ts'
import type { Ledger } from '../storage/tables/ledger-columns.ts'
import type { Db } from '../storage/tables/schema.ts'
import type { AuditChain } from './chain.ts'
import { shortHead, writeCheckpoint } from './checkpoint.ts'
import { isListSealed } from './company-list.ts'

/** Chains in one checkpoint: a line of some 4 KB, which every log takes. */
const CHAINS_MAX = 50
const LEDGERS_CHUNK = 500

export type TakenCheckpoints = {
  readonly checkpoints: readonly string[]
  /** Companies whose chain was changed by somebody else: there is nothing to hold on to. */
  readonly broken: readonly CompanyId[]
  readonly isListBroken: boolean
}

/** Of the chains of these companies, or of all, as they are in one snapshot. */
export async function takeCheckpoint(
  db: Db,
  chain: AuditChain,
  nowMs: number,
  companyIds?: readonly CompanyId[],
): Promise<TakenCheckpoints> {
  const deployment = await findDeployment(db)
  const isListBroken = deployment === undefined || !isListSealed(chain, deployment)
  const list = isListBroken
    ? { count: 0, head: shortHead(Buffer.alloc(32)) }
    : { count: deployment.companies_count, head: shortHead(deployment.companies_head!) }
  const at = new Date(nowMs).toISOString()
  const checkpoints: string[] = []
  const broken: CompanyId[] = []
  for await (const ledgers of companyIds === undefined ? allLedgers(db) : ledgersOf(db, companyIds)) {
    const whole = ledgers.filter((ledger) => chain.sealOf(ledger) === 'whole')
    broken.push(...ledgers.filter((ledger) => !whole.includes(ledger)).map(({ id }) => id))
    for (let start = 0; start < whole.length; start += CHAINS_MAX) {
      const chains = whole.slice(start, start + CHAINS_MAX).map((ledger) => ({
        companyId: ledger.id,
        count: ledger.auditCount,
        head: shortHead(ledger.auditHead),
      }))
      checkpoints.push(writeCheckpoint(chain, { at, list, chains }))
    }
  }
  return { checkpoints, broken, isListBroken }
}

async function* allLedgers(db: Db): AsyncGenerator<readonly Ledger[]> {
  for (let last = ''; ; ) {
    const ledgers = await listLedgersAfter(db, last, LEDGERS_CHUNK)
    yield ledgers
    last = ledgers.at(-1)?.id ?? last
    if (ledgers.length < LEDGERS_CHUNK) return
  }
}

async function* ledgersOf(db: Db, ids: readonly CompanyId[]): AsyncGenerator<readonly Ledger[]> {
  for (let start = 0; start < ids.length; start += LEDGERS_CHUNK) {
    yield await findLedgers(db, ids.slice(start, start + LEDGERS_CHUNK))
  }
}
