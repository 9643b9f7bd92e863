/**
 * What dies with a process is lost to the customer until its cell is over: a third of what was left, at most. What the
 * store forgets is lost to the limit.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Limit } from '../src/limit.ts'
import { type Account, decideAsk, type LimitAsk, NEW_ACCOUNT } from '../src/limit-account.ts'
import { createLimiter } from '../src/limiter.ts'

const START_MS = Date.UTC(2026, 10, 20, 12, 0, 0)
const HOUR_MS = 3_600_000

function createWorld(max: number, decide: typeof decideAsk) {
  const limits: readonly Limit[] = [{ name: 'hour', max, span: 3_600 }]
  const world = { nowMs: START_MS, account: NEW_ACCOUNT as Account }
  const start = () =>
    createLimiter<number>({
      async ask(_keyId: string, ask: LimitAsk) {
        const { account, answer } = decide(world.account, ask, world.nowMs)
        world.account = account
        return answer
      },
      now: () => world.nowMs,
      betweenMs: (moment, now) => now - moment,
      defer: queueMicrotask,
    })
  /** Whether it was let through. */
  async function use(limiter: ReturnType<typeof start>, cost = 1): Promise<boolean> {
    for (;;) {
      const charged = limiter.charge('key', limits, cost)
      if (charged instanceof Promise) await charged
      else {
        // What is asked for in advance is there before the next use.
        for (let turn = 0; turn < 8; turn++) await Promise.resolve()
        return charged.limitedBy === null
      }
    }
  }
  async function useUp(limiter: ReturnType<typeof start>): Promise<number> {
    let used = 0
    while (await use(limiter)) used += 1
    return used
  }
  return { world, start, use, useUp }
}

type End = (limiter: { stop(): Promise<void> }) => Promise<void>
const dies: End = async () => {}
const stops: End = ({ stop }) => stop()

/** How many of `max` nobody gets, when a process ends after `uses`, some milliseconds apart; and what was left then. */
async function lose(max: number, uses: number, apartMs: number, end: End, decide = decideAsk) {
  const { world, start, use, useUp } = createWorld(max, decide)
  const first = start()
  let used = 0
  for (let n = 0; n < uses; n++) {
    if (!(await use(first))) break
    used += 1
    world.nowMs += apartMs
  }
  await end(first)
  const lost = max - used - (await useUp(start()))
  world.nowMs = START_MS + 2 * HOUR_MS
  const later = await useUp(start())
  return { left: max - used, lost, later }
}

const cases = fc.tuple(
  fc.integer({ min: 1, max: 3_000 }),
  fc.integer({ min: 1, max: 400 }),
  fc.integer({ min: 0, max: 50 }),
)

test('a process that dies takes a third of what was left with it at most, for two windows at most', () =>
  fc.assert(
    fc.asyncProperty(cases, async ([max, uses, apartMs]) => {
      const { left, lost, later } = await lose(max, uses, apartMs, dies)
      expect(lost).toBeGreaterThanOrEqual(0)
      expect(lost).toBeLessThanOrEqual(left / 3)
      expect(later).toBe(max)
    }),
    { numRuns: 40 },
  ))

test('one that stops takes nothing', () =>
  fc.assert(
    fc.asyncProperty(cases, async ([max, uses, apartMs]) => {
      expect(await lose(max, uses, apartMs, stops)).toMatchObject({ lost: 0, later: max })
    }),
    { numRuns: 40 },
  ))

const countIn = ({ counts }: Account) => counts.get('hour')?.current ?? 0

/** Uses of two servers beyond `max`, where the store forgets what it was told in the last of them; and how much that was. */
async function forget(max: number, uses: number, forgottenUses: number, end: End) {
  const { world, start, use, useUp } = createWorld(max, decideAsk)
  const servers = [start(), start()] as const
  let used = 0
  async function useInTurns(times: number): Promise<void> {
    for (let n = 0; n < times; n++) if (await use(servers[n % 2 === 0 ? 0 : 1])) used += 1
  }
  await useInTurns(uses)
  const kept = world.account
  await useInTurns(forgottenUses)
  const forgotten = countIn(world.account) - countIn(kept)
  world.account = kept
  await end(servers[0])
  for (const server of [...servers, start()]) used += await useUp(server)
  return { forgotten, above: used - max }
}

const storesThatForget = fc.tuple(
  fc.integer({ min: 1, max: 1_000 }),
  fc.integer({ min: 0, max: 200 }),
  fc.integer({ min: 0, max: 200 }),
)

test('what the store forgets, a limit is exceeded by, and by no more', () =>
  fc.assert(
    fc.asyncProperty(storesThatForget, async ([max, uses, forgottenUses]) => {
      const { forgotten, above } = await forget(max, uses, forgottenUses, dies)
      expect(above).toBe(forgotten)
    }),
    { numRuns: 40 },
  ))

test('nor by more where a server gives back what the store has forgotten', () =>
  fc.assert(
    fc.asyncProperty(storesThatForget, async ([max, uses, forgottenUses]) => {
      const { forgotten, above } = await forget(max, uses, forgottenUses, stops)
      expect(above).toBeGreaterThanOrEqual(0)
      expect(above).toBeLessThanOrEqual(forgotten)
    }),
    { numRuns: 40 },
  ))

/** Leases as much as is asked for. */
const generous: typeof decideAsk = (account, { returns, wants }, nowMs) =>
  decideAsk(
    account,
    { returns, wants: wants.map((want) => ({ ...want, needed: want.needed + want.block, block: 0 })) },
    nowMs,
  )
/** Does not look at what a process still has. */
const oblivious: typeof decideAsk = (account, { returns, wants }, nowMs) =>
  decideAsk(account, { returns, wants: wants.map((want) => ({ ...want, held: 0 })) }, nowMs)

test.each([
  ['the authority leases all that is asked for', generous],
  ['the authority does not know what a process has', oblivious],
])('and more when %s', async (_what, decide) => {
  const losses = await Promise.all(
    [60, 200, 1_000].flatMap((max) =>
      [1, 5, 10, 20, 40].map(async (uses) => {
        const { lost, left } = await lose(max, uses, 0, dies, decide)
        return lost / left
      }),
    ),
  )
  expect(Math.max(...losses)).toBeGreaterThan(1 / 3)
})
