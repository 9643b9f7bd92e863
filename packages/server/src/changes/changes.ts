import type { Clock } from '@latchkey/core/clock'
import { AppError } from '@latchkey/core/error'
import type { CompanyId } from '@latchkey/core/ids'
import type { RandomBytes } from '@latchkey/core/random'
import type { AuditChain } from '../audit/chain.ts'
import type { Engine, Revoke, WriteTurn } from '../storage/engine.ts'
import type { Db } from '../storage/tables/schema.ts'
import type { Revocations } from '../verification/freshness/revocations.ts'
import { type Change, changeWith, type Tx } from './change.ts'
import { holdRows } from './held-rows.ts'
import { judgeAgain } from './judge-again.ts'
import { HOST, type Requester } from './requester.ts'

export type Changes = {
  /**
   * The only way to change anything: one transaction that holds the company's row, judges the requester again,
   * runs `work`, and keeps its audit events with it. Answers when the change is durable and, if it revokes,
   * in force on every server. Throws AppError: the refusal of the requester, `company_not_found`, and what
   * `work` throws; nothing is changed then.
   */
  change<T>(
    by: Requester,
    companyId: CompanyId,
    work: (change: Change) => Promise<T>,
    options?: ChangeOptions,
  ): Promise<T>
  /**
   * The same, answered when the change is durable. Nobody may be told of it before `settled`: then it is in force on every
   * server.
   */
  commit<T>(by: Requester, companyId: CompanyId, work: (change: Change) => Promise<T>): Promise<Committed<T>>
  /** The same by the host for the first start, when there is no company yet. */
  begin<T>(work: (tx: Tx) => Promise<T>): Promise<T>
}

/** `settled` may fail: AppError `unavailable`. */
export type Committed<T> = { readonly value: T; readonly settled: Promise<void> }

/**
 * `isRevocation`: it makes something stop, and goes before changes that do not. `isLong`: it shares no transaction, so
 * that nobody else's answer waits for it.
 */
export type ChangeOptions = { readonly isRevocation?: boolean; readonly isLong?: boolean }

type Deps = {
  readonly engine: Engine
  readonly clock: Clock
  readonly randomBytes: RandomBytes
  readonly chain: AuditChain
  readonly settle: Revocations['settle']
}

/** `hold`: replaced where there is only a model of a store. */
export function createChanges(deps: Deps, hold: typeof holdRows = holdRows): Changes {
  const { engine, clock, settle } = deps

  async function committed<T>(
    work: (db: Db, revoke: Revoke) => Promise<T>,
    turn?: WriteTurn,
  ): Promise<Committed<T>> {
    const { value, revocation } = await engine.write(work, turn)
    const settled = revocation === undefined ? Promise.resolve() : settle(revocation)
    // Whoever waits for `settled` gets the error; perhaps nobody does.
    settled.catch(() => {})
    return { value, settled }
  }

  const commit = <T>(
    by: Requester,
    companyId: CompanyId,
    work: (change: Change) => Promise<T>,
    { isRevocation = false, isLong = false }: ChangeOptions = {},
  ): Promise<Committed<T>> =>
    committed(
      async (db, revoke) => {
        const { ledger, record } = await hold(db, by.principal, companyId)
        // Read after the wait for the rows: what expired during it has expired.
        const nowMs = clock.nowMs()
        const principal = judgeAgain(by, record, nowMs)
        if (ledger === undefined) throw new AppError('company_not_found', 'There is no such company.')
        const tx = { ...deps, db, nowMs, revoke: revokeIn(revoke, companyId), actor: by.actor }
        return changeWith({ ...tx, principal }, ledger, work)
      },
      { party: companyId, isUrgent: isRevocation, mayShare: !isLong },
    )

  return {
    change: async (by, companyId, work, options) => settledValue(await commit(by, companyId, work, options)),
    commit,
    begin: async (work) =>
      settledValue(
        await committed((db, revoke) => work({ ...deps, db, nowMs: clock.nowMs(), revoke, actor: HOST })),
      ),
  }
}

/** What is done, once everybody may be told of it. Throws AppError `unavailable`. */
export async function settledValue<T>({ value, settled }: Committed<T>): Promise<T> {
  await settled
  return value
}

/** Whatever a change of a company revokes is that company's. */
const revokeIn =
  (revoke: Revoke, companyId: CompanyId): Tx['revoke'] =>
  (changed) =>
    revoke(changed, companyId)
