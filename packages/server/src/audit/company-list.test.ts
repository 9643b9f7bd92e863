import type { CompanyId } from '@latchkey/core/ids'
import { describe, expect, test } from 'vitest'
import type { DeploymentRow } from '../storage/tables/schema.ts'
import { createAuditChain } from './chain.ts'
import { type CompanyList, emptyCompanyList, extendCompanyList, isListSealed } from './company-list.ts'

const chain = createAuditChain(Buffer.alloc(32, 1))
const ids = ['cmp_1', 'cmp_2', 'cmp_3'] as CompanyId[]

/** The record of a deployment whose list is this. */
const recordOf = (companies_count: number, list: CompanyList) =>
  ({ companies_count, ...list }) as DeploymentRow
const listOf = (companies: readonly CompanyId[]) =>
  companies.reduce(
    (record, id) => recordOf(record.companies_count + 1, extendCompanyList(chain, record, id)),
    recordOf(0, emptyCompanyList(chain)),
  )

test('a list is sealed as it begins, and with each company that comes', () => {
  for (const count of [0, 1, 2, 3]) expect(isListSealed(chain, listOf(ids.slice(0, count)))).toBe(true)
  expect(emptyCompanyList(chain).companies_head).toEqual(Buffer.alloc(32))
})

test('each company, and its place, counts', () => {
  const lists = [[], ids.slice(0, 1), ids.slice(1, 2), ids, [...ids].reverse()].map(listOf)
  for (const part of ['companies_head', 'companies_seal'] as const) {
    const texts = lists.map((list) => Buffer.from(list[part]!).toString('hex'))
    expect(new Set(texts).size).toBe(lists.length)
  }
})

describe('one that somebody else has changed is not sealed, and nothing is added to it', () => {
  const list = listOf(ids)
  test.each<readonly [string, Partial<DeploymentRow>]>([
    ['another count', { companies_count: 2 }],
    ['another head', { companies_head: Buffer.alloc(32) }],
    ['no head', { companies_head: null }],
    ['another seal', { companies_seal: Buffer.alloc(32) }],
    ['no seal', { companies_seal: null }],
    ['neither', { companies_head: null, companies_seal: null }],
    ['the seal of another', { companies_seal: listOf(ids.slice(0, 2)).companies_seal }],
  ])('%s', (_, changes) => {
    const changed = { ...list, ...changes }
    expect(isListSealed(chain, changed)).toBe(false)
    expect(() => extendCompanyList(chain, changed, ids[0]!)).toThrow(
      expect.objectContaining({
        code: 'audit_broken',
        detail: expect.stringMatching(/none can be added.*latchkey audit verify/),
        cause: expect.objectContaining({ message: 'the seal of the list of companies is not ours' }),
      }),
    )
  })
})
