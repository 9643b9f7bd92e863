/**
 * The stored form of the chain: what is stored today has to hold in every later release. The answers were computed
 * apart from this code.
 */
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { CHAIN_START, createAuditChain, isEqual, newChain } from './chain.ts'

const chain = createAuditChain(Buffer.from('0123456789abcdef0123456789abcdef'))

const EVENT = {
  company_id: 'cmp_01jcn8v4g0e5wtnr5m0hq2x3yz',
  id: 'evt_01jcn8v4g1e5wtnr5m0hq2x3yz',
  sequence: 7,
  at: 1_763_631_000_123,
  action: 'key.updated',
  actor_type: 'key',
  actor_id: 'key_01jcn8v4g2e5wtnr5m0hq2x3yz',
  actor_user_id: null,
  object_type: 'key',
  object_id: 'key_01jcn8v4g3e5wtnr5m0hq2x3yz',
  address: '2001:db8::7',
  request_id: 'req_1',
  changes: '{"enabled":[true,false],"name":["Zoë \u2028","\\""]}',
} as const
const END = {
  id: EVENT.company_id,
  auditCount: 7,
  auditHead: Buffer.alloc(32, 7),
  auditCut: 0,
  auditCutHead: null,
} as const

test.each([
  [
    'event',
    () => chain.hash(CHAIN_START, EVENT),
    'a6c7940ff9737c18377f79a77ab126287544369e397f4e7403c082fe9f466739',
  ],
  [
    'event after another',
    () => chain.hash(Buffer.alloc(32, 6), EVENT),
    '39f0413af664eb09d6841d7a3823f852f1017660e967ff669c80357de1ccd114',
  ],
  [
    'seal',
    () => chain.seal(END, 'whole'),
    '371bf78c2ad2185e3c6df9998410b84462302e08f3d25b63c0db8bfce84615d8',
  ],
  [
    'seal of a chain that did not hold',
    () => chain.seal(END, 'broken'),
    'cf08de6c18c653d058249166b5e1b1e9f81c65a7abbd89870b680cbfb6d2f904',
  ],
  [
    'seal of a chain that was cut',
    () => chain.seal({ ...END, auditCut: 3, auditCutHead: Buffer.alloc(32, 3) }, 'whole'),
    'a2dd5d97c8c01cbd2133f09d9c082e6e70defcc1d0f05c6a7c854812a6da5f97',
  ],
  [
    'redaction',
    () => chain.redaction(Buffer.alloc(32, 6), Buffer.alloc(32, 7), EVENT),
    'b999c5aeaf61dfae93d8f456f384097c33b387daceb563f59f26663add0be771',
  ],
  [
    'mark',
    () => chain.mark('use', 'text', Buffer.alloc(2)),
    'c42c003f471845cf67a648e4f0617eba43a2cc3a113192227f0755e0c637e592',
  ],
])('the %s has the form that is stored', (_what, make, known) => {
  expect(make().toString('hex')).toBe(known)
})

test('each part of what is sealed counts', () => {
  const changed = [
    END,
    { ...END, id: 'cmp_01jcn8v4g9e5wtnr5m0hq2x3yz' as const },
    { ...END, auditCount: 8 },
    { ...END, auditHead: Buffer.alloc(32, 8) },
    { ...END, auditCut: 1 },
    { ...END, auditCutHead: Buffer.alloc(32) },
    { ...END, auditCut: 1, auditCutHead: Buffer.alloc(32) },
  ]
  const seals = changed.flatMap((end) => [chain.seal(end, 'whole'), chain.seal(end, 'broken')])
  expect(new Set(seals.map((seal) => seal.toString('hex'))).size).toBe(changed.length * 2)
})

test('a seal is told from the other kind, and from any that is not ours', () => {
  for (const kind of ['whole', 'broken'] as const) {
    expect(chain.sealOf({ ...END, auditSeal: chain.seal(END, kind) })).toBe(kind)
    expect(chain.sealOf({ ...END, auditCount: 8, auditSeal: chain.seal(END, kind) })).toBeUndefined()
    expect(chain.sealOf({ ...END, auditSeal: chain.seal(END, kind).subarray(1) })).toBeUndefined()
  }
  expect(chain.sealOf({ ...END, auditSeal: Buffer.alloc(0) })).toBeUndefined()
})

test('a new chain is empty, starts from nothing, and is sealed', () => {
  const begun = newChain(chain, EVENT.company_id)
  expect(begun).toMatchObject({ id: EVENT.company_id, auditCount: 0, auditCut: 0, auditCutHead: null })
  expect(Buffer.from(begun.auditHead).toString('hex')).toBe('00'.repeat(32))
  expect(chain.sealOf(begun)).toBe('whole')
})

test('bytes are equal when they are as many and the same', () => {
  expect(isEqual(Buffer.from([1, 2]), Buffer.from([1, 2]))).toBe(true)
  for (const other of [[1, 3], [1], [1, 2, 0], []]) {
    expect(isEqual(Buffer.from([1, 2]), Buffer.from(other))).toBe(false)
  }
})

test('a hash of another length takes the place of no text: each is chained to by what it is', () => {
  const long = Buffer.concat([Buffer.alloc(32, 6), Buffer.from('text')])
  const hashes = [long, long.subarray(0, 32), long.subarray(0, 31), Buffer.alloc(0)].map((previous) =>
    chain.hash(previous, EVENT).toString('hex'),
  )
  expect(new Set(hashes).size).toBe(4)
  expect(hashes[0]).toBe(chain.hash(createHash('sha256').update(long).digest(), EVENT).toString('hex'))
})

test('parts of a mark are told apart', () => {
  const marks = [['use', 'ab', 'c'], ['use', 'a', 'bc'], ['use', 'abc'], ['use2', 'ab', 'c'], ['use']]
  const texts = marks.map(([use, ...parts]) => chain.mark(use!, ...parts).toString('hex'))
  expect(new Set(texts).size).toBe(marks.length)
})
