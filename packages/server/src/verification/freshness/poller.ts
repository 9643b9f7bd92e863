import { momentOf, type Timing } from '@latchkey/core/timing'
import type { FollowedChanges, Observation } from '../../storage/engine.ts'
import type { Verifiers } from '../verifiers/verifiers.ts'
import type { Lease } from './lease.ts'
import { within } from './timing.ts'

const POLL_EVERY_MS = 250
/** A question that is not answered by then is given up, with its connection. */
const POLL_MS_MAX = 600

type PollerOptions = {
  readonly followed: FollowedChanges
  readonly lease: Lease
  readonly verifiers: Pick<Verifiers, 'unknown' | 'count'>
  readonly timing: Timing
  /** Random, of this process only. */
  readonly serverId: string
  readonly newBeat: () => string
  /** Hears of each poll that failed, and of the first that did not after one that did. */
  readonly onPoll: (error: unknown | undefined) => void
  /** Hears that the row of a server that is gone could not be removed. It is tried again with the next poll. */
  readonly onRowKept: (error: unknown) => void
}

export type Poller = {
  /** Resolves after the first poll, whatever came of it. */
  start(): Promise<void>
  /** Polls now, or again as soon as the poll under way is over. */
  wake(): void
  /**
   * Gives up memory, then the row that others wait for. While a lease of a verifier may run the row stays, as that of a
   * server that died: it is waited for, and removed by others.
   */
  stop(): Promise<void>
}

/**
 * Keeps the lease: says first, durably, that this server is there and what it has applied, and only then asks
 * what changed. So whoever revokes either finds the row and waits for it, or is before the question.
 */
export function createPoller(options: PollerOptions): Poller {
  const { followed, lease, timing } = options
  const poll = createPoll(options)
  let isStopped = false
  let isAgain = false
  let running: Promise<void> | undefined
  let cancelTimer = () => {}

  async function pollOnce(): Promise<void> {
    isAgain = false
    try {
      isAgain = (await poll()) || isAgain
      options.onPoll(undefined)
    } catch (error) {
      followed.reset()
      options.onPoll(error)
    }
  }

  async function run(): Promise<void> {
    cancelTimer()
    do await pollOnce()
    while (isAgain && !isStopped)
    running = undefined
    if (!isStopped) cancelTimer = timing.after(POLL_EVERY_MS, wake)
  }

  function wake(): void {
    if (isStopped) return
    isAgain = true
    // Later in this turn: what a poll begins with may wake it, and there is one at a time.
    running ??= Promise.resolve().then(run)
  }

  return {
    async start() {
      followed.onWake(() => {
        wake()
        return !isStopped
      })
      wake()
      await running
    },
    wake,
    async stop() {
      isStopped = true
      cancelTimer()
      await running
      lease.resign()
      if (options.verifiers.count().leased > 0) return
      await within(timing, POLL_MS_MAX, followed.withdraw(options.serverId))
    },
  }
}

/** One question, and what it answers taken in. Answers whether something was applied, which the others wait to hear. */
function createPoll(options: PollerOptions): () => Promise<boolean> {
  const { followed, lease, timing, verifiers } = options
  const retire = createRetirement(options)
  return async () => {
    const sent = momentOf(timing)
    const { applied, epoch } = lease
    // At one instant: what it says of verifiers is true of what it says was applied.
    const unknown = verifiers.unknown()
    const row = { id: options.serverId, epoch: epoch ?? '', applied, beat: options.newBeat(), unknown }
    const asked = followed.announce(row).then(() => followed.observe(applied))
    const seen = await within(timing, POLL_MS_MAX, asked)
    // Who accepts a restored store removes all rows: without one nobody waits for us, whatever was seen after it.
    if (!seen.servers.some(({ id, beat }) => id === row.id && beat === row.beat))
      throw new Error('the row of this server is gone')
    lease.apply(sent, seen)
    // Only memory knows that this head went back: whoever starts now must hear of it.
    if (lease.refused !== undefined && seen.isAccepted)
      await within(timing, POLL_MS_MAX, followed.distrust(seen.epoch))
    retire(seen)
    return lease.applied !== applied || lease.epoch !== epoch
  }
}

/** Deletes the rows of servers whose beat stood still for longer than their lease can have lasted. */
function createRetirement({ followed, timing, onRowKept }: PollerOptions): (seen: Observation) => void {
  let sightings = new Map<string, { readonly beat: string; readonly sinceMs: number }>()
  return ({ servers, leaseMs, marginMs }) => {
    const nowMs = timing.monotonicMs()
    const next: typeof sightings = new Map()
    for (const { id, beat } of servers) {
      const known = sightings.get(id)
      const sighting = known?.beat === beat ? known : { beat, sinceMs: nowMs }
      next.set(id, sighting)
      if (nowMs - sighting.sinceMs > leaseMs + marginMs) followed.forget(id, beat).catch(onRowKept)
    }
    sightings = next
  }
}
