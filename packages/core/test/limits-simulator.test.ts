/**
 * Servers, one authority, a wire that loses questions and answers, and processes that stand still or die, drawn by a
 * seed. Whatever happens: no cell has more uses than the limit.
 */
import { expect, test } from 'vitest'
import { cellOf, type Limit } from '../src/limit.ts'
import { type Account, decideAsk, type LimitAsk, NEW_ACCOUNT } from '../src/limit-account.ts'
import { createLimiter, type Limiter } from '../src/limiter.ts'

/** `LIMIT_SEEDS=2000` is the proof; so many tell in some seconds. */
const SEEDS = Number(process.env.LIMIT_SEEDS ?? 60)
const STEPS = 500

function randomOf(seed: number) {
  let state = (Math.imul(seed, 2_654_435_761) + 1) >>> 0
  const next = () => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9) >>> 0
    return (state ^ (state >>> 13)) >>> 0
  }
  const below = (n: number) => next() % n
  return { below, isOneIn: (n: number) => below(n) === 0 }
}

type Faults = {
  readonly loses?: true
  readonly dies?: true
  readonly stands?: true
  readonly jumps?: true
}

/** What a test takes out of the code. */
type Broken = {
  readonly decide?: typeof decideAsk
  /** A process does not see that time has passed. */
  readonly isBlind?: true
  /** What was given back is used all the same. */
  readonly keepsReturns?: true
}

type Moment = { readonly monotonicMs: number; readonly wallMs: number }

/** Uses of each limit in each cell of true time, and how many there were. */
type World = { readonly overfull: readonly string[]; readonly charged: number }

async function run(seed: number, faults: Faults, broken: Broken = {}): Promise<World> {
  const random = randomOf(seed)
  const { decide = decideAsk } = broken
  const limits: Limit[] = [
    { name: 'rate', max: 3 + random.below(80), span: 1 + random.below(20) },
    ...(random.isOneIn(2) ? [{ name: 'quota', max: 50 + random.below(400), span: 'day' as const }] : []),
  ]
  let trueMs = Date.UTC(2026, 10, 20, 23, 59, 30)
  let account: Account = NEW_ACCOUNT
  const used = new Map<string, number>()
  let charged = 0

  function createServer() {
    const server = { waiting: [] as (() => void)[], standsUntilMs: 0, skewMs: 0, limiter: {} as Limiter }
    server.limiter = createLimiter<Moment>({
      async ask(_keyId: string, ask: LimitAsk) {
        if (faults.loses && random.isOneIn(8)) throw new Error('the question was lost')
        const decided = decide(account, ask, trueMs)
        account = decided.account
        if (broken.keepsReturns) account = decide(account, { ...ask, wants: [] }, trueMs).account
        if (faults.loses && random.isOneIn(8)) throw new Error('the answer was lost')
        await new Promise<void>((resolve) => server.waiting.push(resolve))
        return decided.answer
      },
      now: () => ({ monotonicMs: trueMs, wallMs: trueMs + server.skewMs }),
      betweenMs({ monotonicMs, wallMs }, now) {
        if (broken.isBlind) return 0
        const wall = now.wallMs - wallMs
        return wall < 0 ? Number.POSITIVE_INFINITY : Math.max(now.monotonicMs - monotonicMs, wall)
      },
      defer: (callback) => void server.waiting.push(callback),
    })
    return server
  }
  const servers = [createServer(), createServer(), createServer()]

  for (let step = 0; step < STEPS; step++) {
    trueMs += random.below(120)
    const index = random.below(servers.length)
    const server = servers[index]!
    if (faults.dies && random.isOneIn(60)) servers[index] = createServer()
    if (faults.stands && random.isOneIn(40)) server.standsUntilMs = trueMs + random.below(30_000)
    if (faults.jumps && random.isOneIn(40)) server.skewMs = random.below(7_200_000) - 3_600_000
    if (random.isOneIn(50)) {
      server.limiter.stop().catch(() => {})
      servers[index] = createServer()
    }
    if (trueMs < server.standsUntilMs || servers[index] !== server) continue
    if (random.isOneIn(90)) server.limiter.sweep()
    for (const go of server.waiting.splice(0)) go()
    const cost = 1 + random.below(3)
    const result = server.limiter.charge('key', limits, cost)
    // The time of the charge, not of what comes after it.
    const cells = limits.map(({ name, span }) => `${name} ${cellOf(span, trueMs).index}`)
    if (result instanceof Promise) result.catch(() => {})
    else if (result.limitedBy === null) {
      charged += 1
      for (const cell of cells) used.set(cell, (used.get(cell) ?? 0) + cost)
    }
    for (let turn = 0; turn < 8; turn++) await Promise.resolve()
  }
  const maxOf = (cell: string) => limits.find(({ name }) => cell.startsWith(`${name} `))!.max
  return {
    overfull: [...used]
      .filter(([cell, count]) => count > maxOf(cell))
      .map(([cell]) => `seed ${seed}: ${cell}`),
    charged,
  }
}

async function runAll(faults: Faults, broken?: Broken): Promise<World> {
  const worlds: World[] = []
  for (let seed = 1; seed <= SEEDS; seed++) worlds.push(await run(seed, faults, broken))
  return {
    overfull: worlds.flatMap(({ overfull }) => overfull),
    charged: worlds.reduce((sum, { charged }) => sum + charged, 0),
  }
}

const ALL: Faults = { loses: true, dies: true, stands: true, jumps: true }

test.each<[string, Faults]>([
  ['nothing fails', {}],
  ['questions and answers are lost', { loses: true }],
  ['processes die', { dies: true }],
  ['processes stand still', { stands: true }],
  ['clocks are set', { jumps: true }],
  ['everything fails', ALL],
])('no cell has more than its limit when %s', async (_what, faults) => {
  const { overfull, charged } = await runAll(faults)
  expect(overfull).toEqual([])
  // It is no proof if nobody was let through.
  expect(charged).toBeGreaterThan(SEEDS * 5)
})

/** Grants as if nobody else had been there. */
const forgetful: typeof decideAsk = (_account, ask, nowMs) => decideAsk(NEW_ACCOUNT, ask, nowMs)
/** Counts nothing of the cell before. */
const withoutPast: typeof decideAsk = (account, ask, nowMs) => {
  const decided = decideAsk(account, ask, nowMs)
  const counts = new Map(
    [...decided.account.counts].map(([name, count]) => [name, { ...count, current: 0 }] as const),
  )
  return { ...decided, account: { ...decided.account, counts } }
}

test.each<[string, Faults, Broken]>([
  ['the authority forgets', {}, { decide: forgetful }],
  ['the authority does not count what it leases', {}, { decide: withoutPast }],
  ['a process that stood still uses what it had', { stands: true }, { isBlind: true }],
  ['what is given back is taken back twice', {}, { keepsReturns: true }],
])('and has more when %s', async (_what, faults, broken) => {
  expect((await runAll(faults, broken)).overfull).not.toEqual([])
})
