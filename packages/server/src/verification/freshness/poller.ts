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
  /** Called after each poll: with its error, or undefined when it succeeded. */
  readonly onPoll: (error: unknown | undefined) => void
  /** Called when the row of a dead server could not be removed. The next poll tries again. */
  readonly onRowKept: (error: unknown) => void
}

export type Poller = {
  /** Resolves after the first poll, even if that failed. */
  start(): Promise<void>
  /** Polls now, or again as soon as the poll under way is over. */
  wake(): void
  /**
   * Gives up memory, then withdraws the row that others wait for. The row stays while a verifier may have a lease: then
   * others wait for it as for that of a dead server, and remove it.
   */
  stop(): Promise<void>
}

/**
 * Keeps the lease: says first, durably, that this server is there and what it has applied, and only then asks what
 * changed. So a revocation either finds the row and waits for it, or was committed before the question, which then sees
 * it.
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
    // Not at once: the beginning of a poll may call this again, and there is one poll at a time.
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

/**
 * Polls once and applies the answer. Returns whether something was applied: others wait to hear that, so the next poll
 * follows at once.
 */
function createPoll(options: PollerOptions): () => Promise<boolean> {
  const { followed, lease, timing, verifiers } = options
  const retire = createRetirement(options)
  return async () => {
    const sent = momentOf(timing)
    const { applied, epoch } = lease
    // Read together: what the row says of verifiers belongs to the revision it names.
    const unknown = verifiers.unknown()
    const row = { id: options.serverId, epoch: epoch ?? '', applied, beat: options.newBeat(), unknown }
    const asked = followed.announce(row).then(() => followed.observe(applied))
    const seen = await within(timing, POLL_MS_MAX, asked)
    // Accepting a restored store removes all rows. Without its row nobody waits for this server, so what it saw does
    // not count.
    if (!seen.servers.some(({ id, beat }) => id === row.id && beat === row.beat))
      throw new Error('the row of this server is gone')
    lease.apply(sent, seen)
    // Only this process remembers that the head went back. It is written down for servers that start now.
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
