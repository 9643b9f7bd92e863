import type { CompanyId } from '@latchkey/core/ids'
import { expect, test } from 'vitest'
import type { Ledger } from '../storage/tables/ledger-columns.ts'
import { createAuditChain } from './chain.ts'
import { endFault } from './verify-chain.ts'

const chain = createAuditChain(Buffer.alloc(32, 1))
const HEAD = Buffer.alloc(32, 9)

/** A company's row, sealed by the service. */
function ledger(changes: Partial<Ledger> = {}, kind: 'whole' | 'broken' = 'whole'): Ledger {
  const row: Ledger = {
    id: 'cmp_1' as CompanyId,
    status: 'active',
    isOperator: false,
    lastId: '',
    usersCount: 0,
    keysActive: 0,
    keysInactive: 0,
    auditCount: 5,
    auditHead: HEAD,
    auditSeal: HEAD,
    auditCut: 2,
    auditCutHead: Buffer.alloc(32, 2),
    ...changes,
  }
  return { ...row, auditSeal: chain.seal(row, kind) }
}

const WALKED = {
  sequence: 5,
  head: HEAD,
  broken: undefined,
  breaks: 0,
  acceptedBreaks: 0,
  digest: '',
  unexpected: undefined,
  cut: 2,
}

test('a chain ends where its company’s row says', () => {
  expect(endFault(chain, ledger(), WALKED)).toBeUndefined()
})

test.each<readonly [string, Ledger, Partial<typeof WALKED>]>([
  ["the company's record of its chain was changed", { ...ledger(), auditCount: 6 }, {}],
  ["the company's record of its chain was changed", { ...ledger(), auditCount: 6 }, { sequence: 6 }],
  ['the chain has 4 events and should have 5', ledger(), { sequence: 4 }],
  ['the chain has 5 events and should have 5', ledger(), { head: Buffer.alloc(32, 8) }],
  ['it was broken, and nobody has accepted that', ledger({}, 'broken'), {}],
  ['the chain has 4 events and should have 5', ledger({}, 'broken'), { sequence: 4 }],
  ['it starts after event 2, and its events say after 0', ledger(), { cut: 0 }],
])('%s', (reason, row, changes) => {
  const walked = { ...WALKED, ...changes }
  expect(endFault(chain, row, walked)).toEqual({ eventId: undefined, sequence: walked.sequence, reason })
})
