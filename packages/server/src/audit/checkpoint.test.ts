import type { CompanyId } from '@latchkey/core/ids'
import { describe, expect, test } from 'vitest'
import { createAuditChain } from './chain.ts'
import { type Checkpoint, readCheckpoints, shortHead, writeCheckpoint } from './checkpoint.ts'

const chain = createAuditChain(Buffer.from('0123456789abcdef0123456789abcdef'))
const head = (byte: number) => shortHead(Buffer.alloc(32, byte))
const CHECKPOINT: Checkpoint = {
  at: '2026-11-28T10:00:00.123Z',
  list: { count: 12, head: head(1) },
  chains: [
    { companyId: 'cmp_01jcn8v4g0e5wtnr5m0hq2x3yz' as CompanyId, count: 7, head: head(2) },
    { companyId: 'cmp_01jcn8v4g1e5wtnr5m0hq2x3yz' as CompanyId, count: 0, head: head(3) },
  ],
}
const TEXT = writeCheckpoint(chain, CHECKPOINT)
const read = (line: string) => readCheckpoints(chain, line)

/** What operators keep elsewhere has to be understood by every later release. Computed apart from this code. */
test('a checkpoint has the form that is kept', () => {
  expect(TEXT).toBe(
    'lkc1;2026-11-28T10:00:00.123Z;12:01010101010101010101010101010101;' +
      'cmp_01jcn8v4g0e5wtnr5m0hq2x3yz:7:02020202020202020202020202020202,' +
      'cmp_01jcn8v4g1e5wtnr5m0hq2x3yz:0:03030303030303030303030303030303;' +
      'VBWZGJq7qBjGVm30dJbkPZEZy6H3qlrGUoi88o1PGr8',
  )
})

describe('is read as it was written', () => {
  test.each<readonly [string, Checkpoint]>([
    ['of two chains', CHECKPOINT],
    ['of one', { ...CHECKPOINT, chains: CHECKPOINT.chains.slice(0, 1) }],
    ['of none', { ...CHECKPOINT, chains: [] }],
  ])('%s', (_, checkpoint) => {
    const text = writeCheckpoint(chain, checkpoint)
    expect(read(text)).toEqual([checkpoint])
    expect(read(`{"checkpoint":"${text}"}`)).toEqual([checkpoint])
  })

  test('however many are in a line, and wherever', () => {
    const none = { ...CHECKPOINT, chains: [] }
    const line = `a lkc1 b ${TEXT},${TEXT} lkc ${writeCheckpoint(chain, none)}"}`
    expect(read(line)).toEqual([CHECKPOINT, CHECKPOINT, none])
    expect(read('nothing of it: lkc1, lkc2;')).toEqual([])
  })
})

describe('is refused', () => {
  test.each<readonly [string, string]>([
    ['a cut end', TEXT.slice(0, -1)],
    ['a cut start of the seal', TEXT.replace(/;[^;]+$/, ';')],
    ['a head that is too short', TEXT.replace('0101;', '010;')],
    ['a head that is no number', TEXT.replace('0101;', '01G1;')],
    ['a count that is no number', TEXT.replace(';12:', ';x:')],
    ['no count', TEXT.replace(';12:', ';:')],
    ['no time', TEXT.replace(/2026[^;]*;/, ';')],
    ['a time that is none', TEXT.replace('2026-', '2026/')],
    ['a company that is none', TEXT.replace('cmp_', 'com_')],
    ['a chain without its head', TEXT.replace(/:0202[^,]*,/, ',')],
    ['a whole one before it', `${TEXT} ${TEXT.slice(0, 40)}`],
  ])('%s, as cut off or changed', (_, line) => {
    expect(() => read(line)).toThrow('cut off or changed')
  })

  test.each<readonly [string, string]>([
    ['another time', TEXT.replace('10:00', '10:01')],
    ['another count of the list', TEXT.replace(';12:', ';13:')],
    ['another head of the list', TEXT.replace('0101;', '0100;')],
    ['a chain less', TEXT.replace(/,cmp[^;]*/, '')],
    ['another company', TEXT.replace('g0e5', 'g2e5')],
    ['another count', TEXT.replace(':7:', ':8:')],
    ['another seal', TEXT.replace(/.{9}$/, 'AAAAAAAAA')],
  ])('%s, as made by another', (_, line) => {
    expect(() => read(line)).toThrow('made by another deployment')
  })

  test('one of another deployment', () => {
    const another = createAuditChain(Buffer.alloc(32, 1))
    expect(() => read(writeCheckpoint(another, CHECKPOINT))).toThrow('made by another deployment')
  })
})
