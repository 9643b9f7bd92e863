/**
 * What takes long about a request is done a little at a time, through its whole route: a verification that comes
 * meanwhile is answered before the rest of it, however many of such requests there are.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { createTestCompany, expectCreated, type TestCompany, useTestServer } from '../harness.ts'

const server = useTestServer()
let company: TestCompany
let other: TestCompany
let keyId: string

beforeAll(async () => {
  company = await createTestCompany(server)
  other = await createTestCompany(server)
  const { id, key } = company.users.owner
  keyId = (await expectCreated(server, { path: '/keys', key, body: { userId: id } })).id
})

/** Whatever is done takes its time: each step is the last of its turn. */
beforeEach(() => {
  let nowMs = performance.now()
  vi.spyOn(performance, 'now').mockImplementation(() => ++nowMs)
})
afterEach(() => {
  vi.restoreAllMocks()
})

const REPEATED = '192.0.2.1,'.repeat(4_000)
const ENTRIES = Array.from({ length: 1_000 }, (_, at) => `2001:db8:${at.toString(16)}::1/96`)
const moment = '2026-11-28T12:00:00Z'
const uses = Array.from({ length: 1_000 }, () => ({
  keyId: 'key_00000000000000000000000000',
  secretOrdinal: 1,
  code: 'VALID',
  count: 1,
  lastAt: moment,
  lastAddress: 'no address',
}))

type Heavy = { readonly method: 'POST' | 'PATCH'; readonly path: string; readonly body: object }

const post = (path: string, body: object): Heavy => ({ method: 'POST', path, body })

/** After so many turns its JSON is understood, and what it says is not yet: what would be done in one piece. */
const HEAVY: readonly (readonly [string, number, number, () => Heavy])[] = [
  ['previews of one entry, very often', 200, 80, () => post(previewPath(), { whitelistedIPs: REPEATED })],
  ['previews of a long list', 200, 42, () => post(previewPath(), { whitelistedIPs: ENTRIES })],
  ['creations with one entry, very often', 201, 80, () => post('/keys', creation(REPEATED))],
  ['creations with a long list', 201, 42, () => post('/keys', creation(ENTRIES))],
  [
    'changes to a long list',
    200,
    42,
    () => ({ method: 'PATCH', path: `/keys/${keyId}`, body: { whitelistedIPs: ENTRIES } }),
  ],
  [
    'reports of very many uses',
    400,
    215,
    () =>
      post('/usage/reports', { reportId: 'report-of-a-test', from: moment, to: moment, now: moment, uses }),
  ],
]

const previewPath = () => `/keys/${keyId}/allowlist-preview`
const creation = (whitelistedIPs: unknown) => ({ userId: company.users.owner.id, whitelistedIPs })

/** A request that is under way, and how many turns of the event loop it took; undefined: it is not answered yet. */
type Sent = { readonly status: Promise<number>; readonly turns: number | undefined }

function send(request: Parameters<typeof server.call>[0]): Sent {
  let passed = 0
  let turns: number | undefined
  const count = () => {
    passed += 1
    if (turns === undefined) setImmediate(count)
  }
  setImmediate(count)
  const status = server.call(request).then((answer) => {
    turns = passed
    return answer.status
  })
  return {
    status,
    get turns() {
      return turns
    },
  }
}

function verify(): Sent {
  const { key } = other.users.owner
  return send({ ...post('/verify', { key }), key })
}

test.each(HEAVY)(
  'a verification is answered between the pieces of %s',
  async (_, status, after, heavyOne) => {
    const undisturbed = verify()
    expect(await undisturbed.status).toBe(200)
    for (const count of [1, 4]) {
      const heavy = Array.from({ length: count }, () => send({ ...heavyOne(), key: company.users.owner.key }))
      for (let turn = 0; turn < after * count; turn++) await nextTurn()
      const verified = verify()
      expect(await verified.status).toBe(200)
      expect(verified.turns).toBeLessThanOrEqual(undisturbed.turns! + 2)
      expect(heavy.map(({ turns }) => turns)).toEqual(heavy.map(() => undefined))
      expect(await Promise.all(heavy.map((each) => each.status))).toEqual(heavy.map(() => status))
    }
  },
)

test('what is committed together is answered in turns', async () => {
  const { id, key } = company.users.owner
  const sent = Array.from({ length: 12 }, () => send({ ...post('/keys', { userId: id }), key }))
  expect(await Promise.all(sent.map(({ status }) => status))).toEqual(sent.map(() => 201))
  expect(new Set(sent.map(({ turns }) => turns)).size).toBeGreaterThanOrEqual(8)
})
