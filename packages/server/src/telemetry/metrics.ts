import cluster from 'node:cluster'
import { OUTCOME_CODES, type OutcomeCode } from '@latchkey/core/outcome-code'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { oneAtATime } from './one-at-a-time.ts'
import { shareMetrics } from './worker-metrics.ts'

/** From a hit in memory to a busy disk, in seconds. */
const SECONDS_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
/** The same, and 3: a lease, its margin and one read are 2.9 s, and no revocation waits longer after its commit. */
const SETTLE_BUCKETS = SECONDS_BUCKETS.toSpliced(-1, 0, 3)
const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128]

const LEASE_RESULTS = ['answered', 'failed'] as const

/** Answers noted at once, some 50 bytes each. */
const NOTED_MAX = 1_000

/** Verifiers in the processes of others: see `Verifiers.count`. */
export type VerifierCounts = { readonly leased: number; readonly behind: number }

/** What the engine knows of itself, read when somebody asks. */
export type EngineCounts = { readonly size: number; readonly hits: number; readonly loads: number }

/**
 * Counters and histograms in Prometheus' text format. Labels are from closed sets only: operations, statuses
 * and verdicts, never an id, an address or anything a caller sends.
 */
export type Metrics = {
  requestAnswered(operation: string, status: number, durationMs: number): void
  verdictGiven(code: OutcomeCode): void
  /** One durable transaction: how many writes shared it and how long it took. */
  writesCommitted(writes: number, durationMs: number): void
  /** The same, timed: how long revocations take to be in force everywhere. */
  timingSettles<Args extends unknown[]>(
    settle: (...args: Args) => Promise<void>,
  ): (...args: Args) => Promise<void>
  /** One question for units of the limits of keys. */
  leaseEnded(result: (typeof LEASE_RESULTS)[number], durationMs: number): void
  readonly contentType: string
  text(): Promise<string>
}

export function createMetrics(counts: {
  readonly engine: () => EngineCounts
  /** undefined: not there yet. */
  readonly verifiers: () => VerifierCounts | undefined
}): Metrics {
  const registers = [new Registry()]
  const [registry] = registers as [Registry]
  collectDefaultMetrics({ register: registry })
  addEngineFigures(registry, counts.engine)
  addVerifierGauges(registry, () => counts.verifiers() ?? { leased: 0, behind: 0 })
  const noteRequest = addRequests(registers)
  const noteVerdict = addVerdicts(registers)
  const commits = new Histogram({
    name: 'latchkey_store_commit_duration_seconds',
    help: 'Durable transactions of the store.',
    buckets: SECONDS_BUCKETS,
    registers,
  })
  const batches = new Histogram({
    name: 'latchkey_store_commit_writes',
    help: 'Writes that shared one durable transaction.',
    buckets: BATCH_BUCKETS,
    registers,
  })
  const settles = new Histogram({
    name: 'latchkey_revocation_settle_seconds',
    help: 'From the commit of a revocation until no server can answer from before it.',
    buckets: SETTLE_BUCKETS,
    registers,
  })
  const leases = new Histogram({
    name: 'latchkey_limit_lease_duration_seconds',
    help: 'Questions for units of the limits of keys, by how they ended.',
    labelNames: ['result'],
    buckets: SECONDS_BUCKETS,
    registers,
  })
  for (const result of LEASE_RESULTS) leases.zero({ result })
  return {
    requestAnswered: noteRequest,
    verdictGiven: noteVerdict,
    writesCommitted(writes, durationMs) {
      commits.observe(durationMs / 1_000)
      batches.observe(writes)
    },
    timingSettles:
      (settle) =>
      async (...args) => {
        const startedAtMs = performance.now()
        await settle(...args)
        settles.observe((performance.now() - startedAtMs) / 1_000)
      },
    leaseEnded: (result, durationMs) => leases.observe({ result }, durationMs / 1_000),
    contentType: registry.contentType,
    text: oneAtATime(cluster.isWorker ? shareMetrics(registry) : () => registry.metrics()),
  }
}

type Noted = { readonly operation: string; readonly status: number; readonly durationMs: number }

/**
 * Answers are noted first, and handed to the library many at a time: it looks a series up by the text of its labels,
 * which is several times cheaper for many in a row than between two requests.
 */
function addRequests(registers: Registry[]): Metrics['requestAnswered'] {
  const noted: Noted[] = []
  const requests = new Histogram({
    name: 'latchkey_request_duration_seconds',
    help: 'Answered requests, by operation and status.',
    labelNames: ['operation', 'status'],
    buckets: SECONDS_BUCKETS,
    registers,
    collect: handOver,
  })
  function handOver(): void {
    for (const { operation, status, durationMs } of noted) {
      requests.observe({ operation, status: String(status) }, durationMs / 1_000)
    }
    noted.length = 0
  }
  return (operation, status, durationMs) => {
    noted.push({ operation, status, durationMs })
    if (noted.length === NOTED_MAX) handOver()
  }
}

/** Counted in plain numbers, and handed to the library when somebody asks. */
function addVerdicts(registers: Registry[]): Metrics['verdictGiven'] {
  // From the start, with 0: when a series begins at 50, Prometheus sees no increase.
  const counts = new Map<OutcomeCode, number>(OUTCOME_CODES.map((code) => [code, 0]))
  new Counter({
    name: 'latchkey_verdicts_total',
    help: 'Verdicts given to verifications and to credentials of the API itself, by code.',
    labelNames: ['code'],
    registers,
    collect() {
      this.reset()
      for (const [code, count] of counts) this.inc({ code }, count)
    },
  })
  return (code) => {
    counts.set(code, (counts.get(code) ?? 0) + 1)
  }
}

function addEngineFigures(registry: Registry, engineCounts: () => EngineCounts): void {
  gaugeOf(registry, 'latchkey_cached_keys', 'Keys held in memory.', () => engineCounts().size)
  counterOf(
    registry,
    'latchkey_cache_hits_total',
    'Verifications answered from memory.',
    () => engineCounts().hits,
  )
  counterOf(
    registry,
    'latchkey_cache_loads_total',
    'Verifications that read the store.',
    () => engineCounts().loads,
  )
}

function addVerifierGauges(registry: Registry, counts: () => VerifierCounts): void {
  gaugeOf(
    registry,
    'latchkey_verifiers',
    'Verifiers in the processes of others that are connected and may answer from memory.',
    () => counts().leased,
  )
  gaugeOf(
    registry,
    'latchkey_verifiers_behind',
    'Those of them that have not said yet that they know the newest changes.',
    () => counts().behind,
  )
}

function gaugeOf(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read())
    },
  })
}

/** `read` returns a number that never goes down. */
function counterOf(registry: Registry, name: string, help: string, read: () => number): void {
  new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      this.reset()
      this.inc(read())
    },
  })
}
