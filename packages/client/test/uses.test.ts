import type { Address } from '@latchkey/core/address'
import type { VerifiableKey } from '@latchkey/core/key'
import type { Outcome } from '@latchkey/core/outcome'
import { expect, test } from 'vitest'
import type { UsageReport } from '../src/index.ts'
import { createUses } from '../src/verifier/uses.ts'

const NOW_MS = Date.UTC(2026, 10, 28, 12)

/** Uses whose clock, timers and service are the test's. */
function someUses(startMs = NOW_MS) {
  const sent: UsageReport[] = []
  const state = {
    nowMs: startMs,
    error: undefined as unknown,
    answer: undefined as Promise<void> | undefined,
  }
  let due = () => {}
  let ids = 0
  const uses = createUses({
    clock: { nowMs: () => state.nowMs },
    timing: {
      after(_ms, run) {
        due = run
        return () => {}
      },
    },
    newId: () => `report${++ids}`,
    async send(report) {
      sent.push(report)
      await state.answer
      if (state.error !== undefined) throw state.error
    },
  })
  return {
    uses,
    note: (outcome: Outcome, address?: Address) => uses.note(outcome, { address, nowMs: state.nowMs }),
    sent,
    state,
    async tenSecondsPass() {
      state.nowMs += 10_000
      due()
      await new Promise(setImmediate)
    },
  }
}

const aKey = (id: string) => ({ id }) as VerifiableKey
const use = (key: VerifiableKey, code: 'VALID' | 'EXPIRED' = 'VALID', ordinal = 1): Outcome => ({
  code,
  key,
  secret: { tag: '' as never, ordinal, endsAtMs: null, replaces: null },
})
const OFFICE = { family: 4, value: 0xc0000207 } as const

test('uses are told by key, secret and verdict, with the last address and moment', async () => {
  const { uses, note, sent, state, tenSecondsPass } = someUses()
  const key = aKey('key_1')
  note(use(key))
  state.nowMs += 5
  note(use(key), OFFICE)
  note(use(key, 'EXPIRED'))
  note(use(key, 'VALID', 2))
  note({ code: 'NOT_FOUND', key: undefined, secret: undefined }, OFFICE)
  await tenSecondsPass()
  const lastAt = '2026-11-28T12:00:00.005Z'
  const none = { keyId: 'key_1', secretOrdinal: 1, count: 1, lastAt, lastAddress: null }
  expect(sent).toEqual([
    {
      reportId: 'report1',
      from: '2026-11-28T12:00:00.000Z',
      to: '2026-11-28T12:00:10.005Z',
      now: '2026-11-28T12:00:10.005Z',
      uses: [
        { ...none, code: 'VALID', count: 2, lastAddress: '192.0.2.7' },
        { ...none, code: 'EXPIRED' },
        { ...none, code: 'VALID', secretOrdinal: 2 },
      ],
    },
  ])
  await tenSecondsPass()
  expect([sent.length, uses.reported, uses.lost]).toEqual([1, 4, 0])
})

test('a key that is used again after a report is told of again, with what came since', async () => {
  const { note, sent, state, tenSecondsPass } = someUses()
  const key = aKey('key_1')
  note(use(key), OFFICE)
  note(use(key), OFFICE)
  await tenSecondsPass()
  state.nowMs += 7
  note(use(key), { family: 6, words: [0x20010db8, 0, 0, 1] })
  await tenSecondsPass()
  expect(sent.map((report) => report.uses)).toMatchObject([
    [{ count: 2, lastAt: '2026-11-28T12:00:00.000Z', lastAddress: '192.0.2.7' }],
    [{ count: 1, lastAt: '2026-11-28T12:00:10.007Z', lastAddress: '2001:db8::1' }],
  ])
})

const DAY_MS = 86_400_000
test.each([
  ['a year behind', -365 * DAY_MS],
  ['26 days behind', -26 * DAY_MS],
  ['at its beginning, as where no battery keeps it', -NOW_MS],
  ['26 days ahead', 26 * DAY_MS],
  ['nine years ahead', 3_285 * DAY_MS],
  ['right', 0],
])(
  'a use is told with its moment, where the clock of the machine was %s before the first answer',
  async (_, offMs) => {
    const { note, sent, state, tenSecondsPass } = someUses(NOW_MS + offMs)
    state.nowMs = NOW_MS
    note(use(aKey('key_1')))
    await tenSecondsPass()
    expect(sent).toMatchObject([
      { now: '2026-11-28T12:00:10.000Z', uses: [{ lastAt: '2026-11-28T12:00:00.000Z' }] },
    ])
  },
)

test('what could not be told is told later, under the same name and before what came after', async () => {
  const { note, sent, state, tenSecondsPass } = someUses()
  state.error = new Error('silent')
  note(use(aKey('key_1')))
  await tenSecondsPass()
  note(use(aKey('key_2')))
  await tenSecondsPass()
  state.error = undefined
  await tenSecondsPass()
  const told = sent.map(({ reportId, uses: [first] }) => [reportId, first?.keyId])
  expect(told).toEqual([
    ['report1', 'key_1'],
    ['report1', 'key_1'],
    ['report1', 'key_1'],
    ['report2', 'key_2'],
  ])
})

test.each([400, 413, 422])('what is answered with %i is not told again, and counted', async (status) => {
  const { uses, note, sent, state, tenSecondsPass } = someUses()
  state.error = { status }
  note(use(aKey('key_1')))
  await tenSecondsPass()
  await tenSecondsPass()
  expect([sent.length, uses.lost]).toEqual([1, 1])
})

test('many are told in several reports, and those that wait are bounded', async () => {
  const { uses, note, sent, state, tenSecondsPass } = someUses()
  for (let n = 0; n < 1_001; n++) note(use(aKey(`key_${n}`)))
  await tenSecondsPass()
  expect(sent.map((report) => report.uses.length)).toEqual([1_000, 1])
  state.error = new Error('silent')
  for (let n = 0; n < 101_000; n++) note(use(aKey(`key_${n}`)))
  await tenSecondsPass()
  expect(uses.lost).toBeGreaterThan(0)
  expect(uses.lost + uses.reported).toBeLessThanOrEqual(102_001)
})

test('at the end everything is told', async () => {
  const { uses, note, sent } = someUses()
  note(use(aKey('key_1')))
  await uses.close()
  expect(sent).toHaveLength(1)
})

test.each([
  ['is answered, the rest is told', undefined, ['key_1', 'key_2']],
  ['is not, nothing more is waited for', new Error('silent'), ['key_1']],
])('at the end, when a report that is under way %s', async (_, error, told) => {
  const { uses, note, sent, state, tenSecondsPass } = someUses()
  const { promise, resolve } = Promise.withResolvers<void>()
  Object.assign(state, { answer: promise, error })
  note(use(aKey('key_1')))
  await tenSecondsPass()
  note(use(aKey('key_2')))
  const closed = uses.close()
  resolve()
  await closed
  expect(sent.map(({ uses: [first] }) => first?.keyId)).toEqual(told)
})
