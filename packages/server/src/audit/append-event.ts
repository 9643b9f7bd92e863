import type { AuditAction, ObjectType } from '@latchkey/core/audit-action'
import { AppError } from '@latchkey/core/error'
import type { Id } from '@latchkey/core/ids'
import type { Actor } from '@latchkey/core/principal'
import { findLastEvent, insertAuditEvent } from '../storage/tables/audit.ts'
import type { Ledger } from '../storage/tables/ledger-columns.ts'
import type { Db } from '../storage/tables/schema.ts'
import { type AuditChain, CHAIN_START, type UnchainedEvent } from './chain.ts'
import { withoutPersonalValues } from './personal-values.ts'

/** Field by field, before and after. Never a secret, and nothing a person can be known by: see personal-values.ts. */
export type FieldChanges = Readonly<Record<string, readonly [before: unknown, after: unknown]>>

export type NewEvent = {
  readonly action: AuditAction
  readonly object: { readonly type: ObjectType; readonly id: string }
  readonly changes?: FieldChanges
  /** Only takes power away, or lets somebody in who may have to do so: it is recorded even on a broken chain. */
  readonly isUrgent?: boolean
}

/** Begins a new stretch of a chain that did not hold: what came before was changed by somebody else. */
export const CHAIN_BROKEN = 'audit.chain_broken'

/** Events were taken from the start of the chain, after they were exported. */
export const PRUNED = 'audit.pruned'

/** The service itself, as the actor of what nobody asked for. */
const SERVICE = { type: 'service', id: null, userId: null, address: null, requestId: null } as const

type Tx = { readonly db: Db; readonly nowMs: number; readonly actor: Actor; readonly chain: AuditChain }
type NextId = (kind: 'evt') => Id<'evt'>

/**
 * Adds an event to the chain of the company whose row is held: `ledger` moves with it, and is saved by the caller. A
 * chain whose seal is not ours is not continued as if nothing had happened: throws AppError `audit_broken`, but for
 * an urgent event, before which the break is written down.
 */
export async function appendEvent(tx: Tx, ledger: Ledger, nextId: NextId, event: NewEvent): Promise<void> {
  const { chain } = tx
  const seal = chain.sealOf(ledger)
  chain.written.add(ledger.id)
  if (seal !== 'whole') {
    if (event.isUrgent !== true) throw chainBroken(ledger.id)
    if (seal === undefined) await markBreak(tx, ledger, nextId)
  }
  await extend(tx, ledger, nextId('evt'), event)
  ledger.auditSeal = chain.seal(ledger, seal ?? 'broken')
}

/**
 * Goes on from the last event that is there (`found`), whatever the company's row said: somebody on the server has
 * looked. The chain counts as whole again; the event says what did not fit.
 */
export async function appendAcceptance(
  tx: Tx,
  ledger: Ledger,
  nextId: NextId,
  found: { readonly sequence: number; readonly head: Uint8Array },
  event: NewEvent,
): Promise<void> {
  ledger.auditCount = found.sequence
  ledger.auditHead = found.head
  await extend(tx, ledger, nextId('evt'), event)
  ledger.auditSeal = tx.chain.seal(ledger, 'whole')
  tx.chain.written.add(ledger.id)
}

/**
 * Notes that a chain which holds is to start after `cut`, the last of its events that go, and makes it so in the
 * company's row. `breaks`: of what remains, those that somebody has accepted.
 */
export async function appendCut(
  tx: Tx,
  ledger: Ledger,
  nextId: NextId,
  cut: { readonly sequence: number; readonly head: Uint8Array },
  breaks: string,
): Promise<void> {
  if (tx.chain.sealOf(ledger) !== 'whole') throw chainBroken(ledger.id)
  await extend(tx, ledger, nextId('evt'), {
    action: PRUNED,
    object: { type: 'company', id: ledger.id },
    changes: {
      cut: [ledger.auditCut, cut.sequence],
      head: [null, hexOf(cut.head)],
      breaks: [null, breaks],
    },
  })
  ledger.auditCut = cut.sequence
  ledger.auditCutHead = cut.head
  ledger.auditSeal = tx.chain.seal(ledger, 'whole')
  tx.chain.written.add(ledger.id)
}

/**
 * The error of every change that is not urgent, in a company whose chain does not hold. The cause is for the
 * operator's log.
 */
function chainBroken(companyId: string): AppError {
  return new AppError(
    'audit_broken',
    'The audit chain of the company was changed from outside the service, so that only deleting, disabling and ' +
      'deactivating are accepted in it. Whoever runs the service has to look: latchkey audit verify.',
    { cause: new Error(`the seal of the audit chain of ${companyId} is not ours`) },
  )
}

/**
 * Continues from the last event that is there. What the company's row said is written down beside what was found,
 * under a hash that nobody else can make.
 */
async function markBreak(tx: Tx, ledger: Ledger, nextId: NextId): Promise<void> {
  const said = { count: ledger.auditCount, head: hexOf(ledger.auditHead) }
  const last = await findLastEvent(tx.db, ledger.id)
  ledger.auditCount = last?.sequence ?? ledger.auditCut
  ledger.auditHead = last?.hash ?? ledger.auditCutHead ?? CHAIN_START
  await extend({ ...tx, actor: SERVICE }, ledger, nextId('evt'), {
    action: CHAIN_BROKEN,
    object: { type: 'company', id: ledger.id },
    changes: {
      count: [said.count, ledger.auditCount],
      head: [said.head, hexOf(ledger.auditHead)],
    },
  })
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

async function extend(tx: Tx, ledger: Ledger, id: Id<'evt'>, event: NewEvent): Promise<void> {
  const { actor, chain } = tx
  const unchained: UnchainedEvent = {
    company_id: ledger.id,
    id,
    sequence: ledger.auditCount + 1,
    at: tx.nowMs,
    action: event.action,
    actor_type: actor.type,
    actor_id: actor.id,
    actor_user_id: actor.userId,
    object_type: event.object.type,
    object_id: event.object.id,
    address: actor.address,
    request_id: actor.requestId,
    changes: JSON.stringify(withoutPersonalValues(event.object.type, event.changes ?? {})),
  }
  const hash = chain.hash(ledger.auditHead, unchained)
  await insertAuditEvent(tx.db, { ...unchained, hash })
  ledger.auditCount += 1
  ledger.auditHead = hash
}
