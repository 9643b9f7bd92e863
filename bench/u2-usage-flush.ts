import { setTimeout as sleep } from 'node:timers/promises'
import { type Extent, median, type Row, rowOf } from './figure.ts'
import { startFleet } from './fleet.ts'
import { ALLOWED_ADDRESS, activeIndexes } from './gateway-checks.ts'
import { ask, runLoad } from './load.ts'
import { cycle, requestText } from './request-text.ts'
import { type Running, startLatchkey, warmUp } from './running.ts'
import { secretAt } from './secrets.ts'
import type { BenchStore, Stores } from './stores.ts'

/** In use within a minute, each of them again and again. */
const KEYS = 100_000
const KEYS_QUICK = 5_000
/** Every tenth is disabled. */
const SPARE = 1.12
const CONNECTIONS = 8
/** In it each key in use is written once, and all counts three times. */
const ROUND_MS = 60_000
const ROUND_MS_QUICK = 35_000
/** Commits are looked at so often. A service that counts nothing has none. */
const LOOK_MS = 100

/** How much longer verifications take while use is written. */
export async function u2UsageFlush(extent: Extent, stores: Stores): Promise<Row[]> {
  const store = await stores.ofOwn(Math.ceil(keysOf(extent) * SPARE))
  await using server = await startLatchkey(store)
  return [await flushRow(extent, 'U2', 'SQLite', server, store)]
}

export async function u2PostgresUsageFlush(extent: Extent): Promise<Row[]> {
  await using fleet = await startFleet(1, Math.ceil(keysOf(extent) * SPARE), extent)
  return [await flushRow(extent, 'U2b', 'PostgreSQL', fleet.servers[0]!, fleet.store)]
}

const keysOf = ({ isQuick }: Extent): number => (isQuick ? KEYS_QUICK : KEYS)

async function flushRow(
  extent: Extent,
  id: string,
  where: string,
  server: Running,
  store: BenchStore,
): Promise<Row> {
  const keys = keysOf(extent)
  const headers = { 'x-api-key': store.adminKey }
  const requests = activeIndexes(keys, store.keys).map((index) =>
    requestText('POST', '/verify', { headers, body: { key: secretAt(index).reveal(), ip: ALLOWED_ADDRESS } }),
  )
  const next = cycle(requests)
  extent.progress('warming up')
  await warmUp(server, { durationMs: 0, next }, keys)
  const rounds: Round[] = []
  const count = Math.ceil(extent.rounds / 3)
  for (let round = 0; round < count; round++) {
    extent.progress(`round ${round + 1} of ${count}`)
    rounds.push(await takeRound(server, next, extent.isQuick ? ROUND_MS_QUICK : ROUND_MS))
  }
  const of = (name: keyof Round) => median(rounds.map((round) => round[name])).toPrecision(3)
  return rowOf({
    id,
    what: `p99 of POST /verify, ${keys.toLocaleString('en')} keys in use, while use is written ÷ while nothing is, ${where}`,
    rounds: rounds.map(({ flushing, calm }) => flushing / calm),
    isBetter: 'lower',
    floor: 2,
    goal: 1.5,
    note: `p99 ${of('flushing')} ms and ${of('calm')} ms, of all ${of('all')} ms; longest ${of('longest')} ms; written in ${of('share')} of the time`,
  })
}

/** p99 and longest in milliseconds; `share`: of the time in which something was written. */
type Round = Record<'flushing' | 'calm' | 'all' | 'longest' | 'share', number>

async function takeRound(server: Running, next: () => Buffer, durationMs: number): Promise<Round> {
  const looks: { readonly atMs: number; readonly commits: number }[] = []
  const answers: { readonly atMs: number; readonly ms: number }[] = []
  let isOver = false
  const looking = (async () => {
    while (!isOver) {
      looks.push({ commits: await commitsOf(server), atMs: performance.now() })
      await sleep(LOOK_MS)
    }
  })()
  await runLoad({
    port: server.port,
    durationMs,
    next,
    connections: CONNECTIONS,
    onLatency: (ms) => void answers.push({ atMs: performance.now(), ms }),
  })
  isOver = true
  await looking
  const spans = looks.slice(1).map((look, index) => ({
    fromMs: looks[index]!.atMs,
    toMs: look.atMs,
    isFlushing: look.commits > looks[index]!.commits,
  }))
  const [flushing, calm]: [number[], number[]] = [[], []]
  let place = 0
  for (const { atMs, ms } of answers) {
    while (place < spans.length && spans[place]!.toMs < atMs) place += 1
    const span = spans[place]
    if (span === undefined || atMs < span.fromMs) continue
    // An answer that began in the span before belongs to both, and tells of neither.
    if (atMs - ms < span.fromMs) continue
    ;(span.isFlushing ? flushing : calm).push(ms)
  }
  const length = (all: typeof spans) => all.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0)
  return {
    flushing: p99(flushing),
    calm: p99(calm),
    all: p99(answers.map(({ ms }) => ms)),
    longest: Math.max(
      ...answers
        .map(({ ms }) => ms)
        .toSorted((one, other) => other - one)
        .slice(0, 1),
    ),
    share: length(spans.filter(({ isFlushing }) => isFlushing)) / length(spans),
  }
}

function p99(times: number[]): number {
  if (times.length === 0) throw new RangeError('no answer fell into such a time')
  times.sort((one, other) => one - other)
  return times[Math.floor(times.length * 0.99)]!
}

async function commitsOf({ port }: Running): Promise<number> {
  const { body } = await ask(port, requestText('GET', '/metrics'))
  return Number(/^latchkey_store_commit_duration_seconds_count (\d+)$/m.exec(body)?.[1])
}
