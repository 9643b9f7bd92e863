import { type Address, formatAddress } from '@latchkey/core/address'
import type { Attempt } from '@latchkey/core/evaluate'
import type { VerifiableKey } from '@latchkey/core/key'
import type { Outcome } from '@latchkey/core/outcome'
import type { Timing } from '@latchkey/core/timing'
import type { UsageReport } from '../wire.ts'
import type { ServerClock } from './server-clock.ts'

/** A use is told of within this time, in milliseconds. */
const REPORT_EVERY_MS = 10_000
/** As many as the service takes in one report. */
const REPORT_USES_MAX = 1_000
/** Of keys, secrets and verdicts that are told apart before a report is due: some 10 MB. */
const USES_MAX = 50_000
/** Waiting because the service is silent: some 40 MB at worst. */
const REPORTS_MAX = 100

type Use = UsageReport['uses'][number]
type Tallied = Pick<Use, 'secretOrdinal' | 'code'> & {
  readonly key: VerifiableKey
  /** Another verdict on the same key, or another secret of it. */
  readonly next: Tallied | undefined
  count: number
  /** Since the first use that is told with it: a small number stands in the object itself. Milliseconds. */
  lastMs: number
  /** IPv4 as a small number, too: a new object in an old one each time costs as much as judging. */
  address: Address | number | undefined
}

type UsesOptions = {
  readonly timing: Pick<Timing, 'after'>
  readonly clock: Pick<ServerClock, 'nowMs'>
  readonly newId: () => string
  readonly send: (report: UsageReport) => Promise<unknown>
}

/** Counts verdicts and tells the service: without that, keys in use would look unused. */
export type Uses = {
  note(outcome: Outcome, attempt: Pick<Attempt, 'address' | 'nowMs'>): void
  /** Tells all that was noted. A service that is silent is not asked twice: then it stays untold. */
  close(): Promise<void>
  readonly reported: number
  /** Not told: the service was silent for too long, or does not take them. */
  readonly lost: number
}

export function createUses({ timing, clock, newId, send }: UsesOptions): Uses {
  const tally = createTally()
  const waiting: Omit<UsageReport, 'now'>[] = []
  let fromMs = clock.nowMs()
  let [reported, lost] = [0, 0]
  let sending: Promise<void> | undefined
  let cancel = timing.after(REPORT_EVERY_MS, report)

  function pack(): void {
    const uses = tally.take()
    const [from, to] = [timeText(fromMs), timeText(clock.nowMs())]
    fromMs = clock.nowMs()
    for (let start = 0; start < uses.length; start += REPORT_USES_MAX)
      waiting.push({ reportId: newId(), from, to, uses: uses.slice(start, start + REPORT_USES_MAX) })
    while (waiting.length > REPORTS_MAX) lost += countOf(waiting.shift()!)
  }

  /** In the order they were made: what fails waits for the next time, under its name. */
  async function sendAll(): Promise<void> {
    await undefined // It must not be over before it stands in `sending`.
    for (let [first] = waiting; first !== undefined; [first] = waiting) {
      try {
        await send({ ...first, now: timeText(clock.nowMs()) })
        reported += countOf(first)
      } catch (error) {
        if (!isFaulty(error)) break
        lost += countOf(first)
      }
      if (waiting[0] === first) waiting.shift()
    }
    sending = undefined
  }

  /** What is being sent already takes along what is packed meanwhile. */
  function report(): Promise<void> | undefined {
    cancel()
    cancel = timing.after(REPORT_EVERY_MS, report)
    pack()
    if (waiting.length > 0) sending ??= sendAll()
    return sending
  }

  return {
    note(outcome, attempt) {
      if (outcome.key !== undefined && tally.note(outcome, attempt) > USES_MAX) void report()
    },
    async close() {
      // Where the service is silent, one report is waited for, and not another behind it.
      const told = report()
      cancel()
      await told
    },
    get reported() {
      return reported
    },
    get lost() {
      return lost
    },
  }
}

const countOf = ({ uses }: Pick<UsageReport, 'uses'>): number =>
  uses.reduce((sum, { count }) => sum + count, 0)

const timeText = (atMs: number): string => new Date(atMs).toISOString()

/** The service will not take it another time, either. */
const isFaulty = (error: unknown): boolean =>
  [400, 413, 422].includes((error as { status?: number } | undefined)?.status ?? 0)

/** What was noted of a key since the last report stands at the key: a map would be one more place to look into. */
const talliedOf = (key: VerifiableKey) => key.noted as Tallied | undefined

function createTally() {
  let all: Tallied[] = []
  /** Of the first of them: the clock may have been years off before, and a small number holds 24 days. */
  let sinceMs = 0

  function add(key: VerifiableKey, code: Use['code'], secretOrdinal: number | null, nowMs: number): Tallied {
    if (all.length === 0) sinceMs = nowMs
    const next = talliedOf(key)
    const use = { key, next, code, secretOrdinal, count: 0, lastMs: 0, address: undefined }
    key.noted = use
    all.push(use)
    return use
  }

  return {
    /** Answers how many are told apart. */
    note(
      { key, code, secret }: Extract<Outcome, { key: VerifiableKey }>,
      { address, nowMs }: Pick<Attempt, 'address' | 'nowMs'>,
    ): number {
      const secretOrdinal = secret?.ordinal ?? null
      let use = talliedOf(key)
      while (use !== undefined && !(use.code === code && use.secretOrdinal === secretOrdinal)) use = use.next
      use ??= add(key, code, secretOrdinal, nowMs)
      use.count += 1
      use.lastMs = (nowMs - sinceMs) | 0
      use.address = address?.family === 4 ? address.value | 0 : address
      return all.length
    },
    take(): Use[] {
      const uses = all.map((use) => told(use, sinceMs))
      for (const { key } of all) key.noted = undefined
      all = []
      return uses
    },
  }
}

const told = ({ key, secretOrdinal, code, count, lastMs, address }: Tallied, sinceMs: number): Use => ({
  keyId: key.id,
  secretOrdinal,
  code,
  count,
  lastAt: timeText(sinceMs + lastMs),
  lastAddress: textOf(address),
})

function textOf(address: Tallied['address']): string | null {
  if (address === undefined) return null
  return formatAddress(typeof address === 'number' ? { family: 4, value: address >>> 0 } : address)
}
