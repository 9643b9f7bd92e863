import { parseAddress } from '@latchkey/core/address'
import { type Attempt, IN_FORCE } from '@latchkey/core/evaluate'
import { NOT_FOUND, type Outcome } from '@latchkey/core/outcome'
import { expect, test } from 'vitest'
import { indexOf } from '../../storage/tables/usage-counts.ts'
import { createUsageNotes } from './usage-notes.ts'

const verdictOn = (number: number) =>
  ({
    code: 'VALID',
    key: { id: `key_${number}`, companyId: 'cmp_1' },
    secret: undefined,
  }) as unknown as Outcome
const refusalOf = (number: number, code: string, secret?: object) =>
  ({ ...verdictOn(number), code, secret }) as Outcome
const attempt = { ...IN_FORCE, address: undefined, nowMs: 0 }

test('says once that it is half full, so that nothing has to be left out', () => {
  let calls = 0
  const notes = createUsageNotes(() => {
    calls += 1
  }, 4)
  const keysOf = (numbers: readonly number[]) => {
    for (const number of numbers) notes.note(verdictOn(number), attempt)
    return notes.takeCounts().keys.map(({ keyId }) => keyId)
  }
  expect([keysOf([1, 1, 1]), calls]).toEqual([['key_1'], 0])
  expect([keysOf([1, 2, 2, 3]), calls]).toEqual([['key_1', 'key_2', 'key_3'], 1])
  expect([keysOf([1, 2, 3, 4, 5]), calls]).toEqual([['key_1', 'key_2', 'key_3', 'key_4'], 2])
})

test('of fifty thousand keys a use is remembered; one more waits for the next write, and those there still move', () => {
  const notes = createUsageNotes(() => {})
  const use = (number: number, nowMs: number) => notes.note(verdictOn(number), { ...attempt, nowMs })
  const taken = () => notes.takeUses().ofKeys.map(({ keyId, nowMs }) => [keyId, nowMs])
  for (let n = 0; n <= 50_000; n++) use(n, 0)
  for (const number of [7, 50_000]) use(number, 60_000)
  const uses = new Map(taken() as [string, number][])
  expect([uses.size, uses.get('key_7'), uses.get('key_49999')]).toEqual([50_000, 60_000, 0])
  expect(uses.has('key_50000')).toBe(false)
  for (const number of [8, 50_000]) use(number, 60_001)
  expect(taken()).toEqual([
    ['key_8', 60_001],
    ['key_50000', 60_001],
  ])
})

test('a thousand verdicts are sorted though nobody takes them, and no fewer', () => {
  let calls = 0
  const notes = createUsageNotes(() => {
    calls += 1
  }, 4)
  for (let n = 0; n < 999; n++) notes.note(verdictOn(n), attempt)
  expect(calls).toBe(0)
  notes.note(verdictOn(999), attempt)
  expect(calls).toBe(1)
})

test('of accepted uses and of refusals for the allowlist the network is kept, and of no other verdict', () => {
  const notes = createUsageNotes(() => {})
  const from = (text: string) => ({ ...attempt, address: parseAddress(text) })
  notes.note(verdictOn(1), from('192.0.2.1'))
  notes.note(refusalOf(1, 'IP_NOT_ALLOWED'), from('192.0.2.2'))
  notes.note(refusalOf(1, 'EXPIRED'), from('192.0.2.3'))
  const [key] = notes.takeCounts().keys
  expect(key?.networks.map(({ isAccepted, network }) => [isAccepted, network])).toEqual([
    [true, '192.0.2.1'],
    [false, '192.0.2.2'],
  ])
})

test('a refusal is no use of a secret', () => {
  const notes = createUsageNotes(() => {})
  const old = { tag: 'old', endsAtMs: 9_000, replaces: null }
  notes.note(refusalOf(1, 'INACTIVE', old), attempt)
  expect(notes.takeUses()).toEqual({ ofKeys: [], ofSecrets: [] })
  notes.note(refusalOf(1, 'VALID', old), attempt)
  expect(notes.takeUses().ofSecrets).toMatchObject([{ tag: 'old', usedAtMs: 0 }])
})

test('a text that matches nothing counts with whoever asked', () => {
  const notes = createUsageNotes(() => {})
  const asker = { id: null, homeCompanyId: 'cmp_1' } as unknown as Attempt['asker']
  notes.note(NOT_FOUND, { ...attempt, asker })
  const { keys, companies } = notes.takeCounts()
  expect(keys).toEqual([])
  expect(companies.map(({ companyId, counts }) => [companyId, counts[indexOf('NOT_FOUND')]])).toEqual([
    ['cmp_1', 1],
  ])
})
