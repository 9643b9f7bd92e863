/** Limits beyond the process that answers: of another server, and of one that is dead. */
import { beforeAll, expect, test } from 'vitest'
import { createFakeClock } from '../../fake-clock.ts'
import {
  expectCreated,
  type JoinedServer,
  type Parsed,
  type TestAnswer,
  useTestServer,
} from '../../harness.ts'

const MINUTE_MS = 60_000
const clock = createFakeClock(Date.parse('2026-11-20T09:30:00.000Z'))
/** How far the clock of the server moves whenever it is looked at, in milliseconds. */
let perLookMs = 0
const moving = {
  nowMs() {
    clock.move(perLookMs)
    return clock.nowMs()
  },
}
const server = useTestServer({}, { clock: moving })
let userId: string
beforeAll(async () => {
  userId = (await server.call({ path: '/me' })).body.userId
})

type Caller = Pick<JoinedServer, 'call'>

const minute = (limit: number) => ({ name: 'minute', limit, windowSeconds: 60 })
const newKey = (fields: object = {}): Promise<Parsed> =>
  expectCreated(server, { path: '/keys', body: { userId, ...fields } })
const ask = (key: string, by: Caller = server): Promise<TestAnswer> =>
  by.call({ method: 'POST', path: '/verify', body: { key } })
const codeOf = async (key: string, by?: Caller): Promise<string> => (await ask(key, by)).body.code
const patch = (id: string, body: object) => server.call({ method: 'PATCH', path: `/keys/${id}`, body })

/** To the start of a cell, with two empty ones before. */
const nextCell = () => clock.move(3 * MINUTE_MS - (clock.nowMs() % MINUTE_MS))

/** How many are let through until one is not. */
async function useUp(key: string, by: Caller = server): Promise<number> {
  for (let used = 0; ; used++) {
    const code = await codeOf(key, by)
    if (code === 'RATE_LIMITED') return used
    expect(code).toBe('VALID')
  }
}

test('a limit that is lowered here is in force for the next use at another server, whatever that has at hand', async () => {
  nextCell()
  const other = await server.join()
  try {
    const { id, key } = await newKey({ rateLimits: [minute(1_000)] })
    for (let n = 0; n < 6; n++) expect(await codeOf(key, other)).toBe('VALID')
    expect((await patch(id, { rateLimits: [minute(6)] })).status).toBe(200)
    expect(await codeOf(key, other)).toBe('RATE_LIMITED')
    expect((await patch(id, { rateLimits: [minute(8)] })).status).toBe(200)
    expect(await useUp(key, other)).toBe(2)
  } finally {
    await other.dispose()
  }
})

test('a limit that is set on a key in use holds from the next use on, at every server', async () => {
  nextCell()
  const other = await server.join()
  try {
    const { id, key } = await newKey()
    for (const by of [server, other]) expect(await codeOf(key, by)).toBe('VALID')
    expect((await patch(id, { rateLimits: [minute(1)] })).status).toBe(200)
    expect([await codeOf(key, other), await codeOf(key)]).toEqual(['VALID', 'RATE_LIMITED'])
  } finally {
    await other.dispose()
  }
})

test('what a dead server had is available again after two cells of the window, and before that is lost', async () => {
  nextCell()
  const { key } = await newKey({ rateLimits: [minute(90)] })
  const dying = await server.join()
  // So busy that it takes more in advance each time.
  const usedThere = 25
  for (let n = 0; n < usedThere; n++) expect(await codeOf(key, dying)).toBe('VALID')
  // From here on it is not asked, and gives nothing back: dead, for all that others know.
  const lost = 90 - usedThere - (await useUp(key))
  expect(lost).toBeGreaterThan(0)
  expect(lost).toBeLessThanOrEqual((90 - usedThere) / 3)
  clock.move(2 * MINUTE_MS)
  expect(await useUp(key)).toBe(90)
  await dying.dispose()
})

test.each([
  ['is told to come again', null, 503, 'cannot_verify'],
  ['is not let through when the key has ended meanwhile', 20, 200, 'EXPIRED'],
])('who never gets what was leased before its cell is over %s', async (_what, minutes, status, code) => {
  nextCell()
  const expiresAt = minutes === null ? null : new Date(clock.nowMs() + minutes * MINUTE_MS).toISOString()
  const { key } = await newKey({ rateLimits: [minute(5)], expiresAt })
  perLookMs = MINUTE_MS
  try {
    const answer = await ask(key)
    expect([answer.status, answer.body.code]).toEqual([status, code])
  } finally {
    perLookMs = 0
  }
})
