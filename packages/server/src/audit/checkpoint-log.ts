import type { Clock } from '@latchkey/core/clock'
import type { CompanyId } from '@latchkey/core/ids'
import type { Engine } from '../storage/engine.ts'
import type { AuditChain } from './chain.ts'
import { takeCheckpoint } from './take-checkpoint.ts'

type Deps = {
  readonly engine: Engine
  readonly chain: AuditChain
  readonly clock: Clock
  readonly onCheckpoint: (checkpoint: string) => void
  readonly onBroken: (companyId: CompanyId) => void
}

/**
 * Says what became of the chains that this process has added to since it said so last. A log that goes elsewhere then
 * holds what nobody who writes to the database can take back.
 */
export async function logCheckpoint({ engine, chain, clock, onCheckpoint, onBroken }: Deps): Promise<void> {
  const companyIds = [...chain.written]
  if (companyIds.length === 0) return
  // Before they are read: what is added meanwhile is told the next time.
  chain.written.clear()
  try {
    const { checkpoints, broken } = await engine.read((db) =>
      takeCheckpoint(db, chain, clock.nowMs(), companyIds),
    )
    for (const checkpoint of checkpoints) onCheckpoint(checkpoint)
    for (const companyId of broken) onBroken(companyId)
  } catch (error) {
    for (const companyId of companyIds) chain.written.add(companyId)
    throw error
  }
}
