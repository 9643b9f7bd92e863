import { setTimeout as sleep } from 'node:timers/promises'
import type { Verifier } from '@latchkey/core/verifier'
import type { AskedChanges, Engine, Head, Revocation } from '../storage/engine.ts'
import { createApplied, type Memory } from './applied.ts'
import { createBarrier } from './barrier.ts'
import { createFreshness } from './freshness.ts'
import { createLease, type Refused } from './lease.ts'
import { cannotVerify } from './load-key.ts'
import { createPoller } from './poller.ts'
import { systemTiming, type Timing } from './timing.ts'

/** How this process keeps up with what the others change, and knows that they have. */
export type Revocations = {
  isFresh(): boolean
  /** Call before a question to the store; the answer judges the head that question saw. */
  expect(): (head: Head) => boolean
  /** Resolves when the revocation is in force on every server. Throws AppError `unavailable`. */
  settle(revocation: Revocation): Promise<void>
  /**
   * Begins to serve; until then every look-up asks the store. `isAlone`: this is the only process of its service,
   * which counts on the embedded store.
   */
  start(options: { readonly isAlone: boolean }): Promise<void>
  stop(): Promise<void>
  /**
   * Where this process is: whatever is read from the store afterwards is no older. Throws AppError `cannot_verify` when
   * it does not know.
   */
  position(): Revocation
  /** Random, of this process only. */
  readonly serverId: string
  /** undefined where the store itself is asked. */
  readonly applied: number | undefined
  /** A store that was restored or replaced and that the operator has not accepted. */
  readonly refused: Refused | undefined
}

type RevocationsOptions = {
  readonly memory: Pick<Verifier, 'drop' | 'clear'>
  readonly newId: () => string
  readonly onPoll: (error: unknown | undefined) => void
  readonly onRowKept: (error: unknown) => void
  readonly timing?: Timing
}

/** The embedded store does not know what it was restored over. */
const UNKNOWN: Refused = { known: 0, found: 0 }

export function createRevocations(
  { changes }: Pick<Engine, 'changes'>,
  options: RevocationsOptions,
): Revocations {
  const { memory, newId, onPoll, onRowKept, timing = systemTiming } = options
  const serverId = newId()
  if (changes.kind === 'asked') return createAsking(changes, memory, serverId)
  const lease = createLease(memory, timing)
  const poller = createPoller({
    followed: changes,
    lease,
    timing,
    serverId,
    newBeat: newId,
    onPoll,
    onRowKept,
  })
  const settle = createBarrier({ followed: changes, lease, timing })
  let isStarted = false
  return {
    isFresh: lease.isFresh,
    serverId,
    position: () => positionOf(lease.epoch, lease.applied),
    expect: lease.expect,
    settle(revocation) {
      if (isStarted) poller.wake()
      return settle(revocation)
    },
    async start() {
      isStarted = true
      await poller.start()
    },
    async stop() {
      if (isStarted) await poller.stop()
    },
    get applied() {
      return lease.applied
    },
    get refused() {
      return lease.refused
    },
  }
}

function createAsking(changes: AskedChanges, memory: Memory, serverId: string): Revocations {
  const applied = createApplied(memory)
  const isFresh = createFreshness(changes, applied)
  return {
    isFresh,
    serverId,
    position() {
      isFresh()
      return positionOf(applied.epoch, applied.revision)
    },
    expect: () => () => true,
    // Not a timer of `timing`: a command that waits here has nothing else to keep it from ending.
    settle: () => sleep(changes.settleMs),
    start: async ({ isAlone }) => changes.claim(isAlone),
    stop: async () => {},
    applied: undefined,
    get refused() {
      return changes.isAccepted() ? undefined : UNKNOWN
    },
  }
}

function positionOf(epoch: string | undefined, revision: number): Revocation {
  if (epoch === undefined) throw cannotVerify(new Error('the store was not heard of yet'))
  return { revision, epoch }
}
