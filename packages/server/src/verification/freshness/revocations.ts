import { setTimeout as wait } from 'node:timers/promises'
import type { Timing } from '@latchkey/core/timing'
import type { AskedChanges, Engine, Head, Revocation } from '../../storage/engine.ts'
import { cannotVerify } from '../load-key.ts'
import type { Teller } from '../verifiers/teller.ts'
import { createApplied, type Memory } from './applied.ts'
import { createBarrier } from './barrier.ts'
import { createFollower, type FollowerOptions } from './follower.ts'
import { createFreshness } from './freshness.ts'
import type { Refused } from './lease.ts'
import { createOnDemand } from './on-demand.ts'
import { systemTiming } from './timing.ts'

/** How this process learns what others change, and when all of them have learned what it changes. */
export type Revocations = {
  isFresh(): boolean
  /** Call before a question to the store; the answer judges the head that question saw. */
  expect(): (head: Head) => boolean
  /** Resolves when the revocation is in force on every server. Throws AppError `unavailable`. */
  settle(revocation: Revocation): Promise<void>
  /**
   * Begins to serve; until then every look-up asks the store. `isAlone`: no other process serves from the embedded
   * store.
   */
  start(options: { readonly isAlone: boolean }): Promise<void>
  /** Stops answering verifiers, so that they go to other servers. */
  leave(): void
  stop(): Promise<void>
  /** What a verifier in somebody's own process has to know. */
  readonly tell: Teller['tell']
  /** For a verifier that has emptied its memory and asks no more. */
  readonly dismiss: Teller['dismiss']
  /** How many verifiers may have a lease, and how many of these may not know the newest changes. */
  verifiers(): { readonly leased: number; readonly behind: number }
  /**
   * The revision this process knows. Whatever is read from the store afterwards is no older. Throws AppError
   * `cannot_verify` when it knows none.
   */
  position(): Pick<Revocation, 'revision' | 'epoch'>
  /** Random, of this process only. */
  readonly serverId: string
  /** The revision that memory has applied; undefined: the store is asked each time. */
  readonly applied: number | undefined
  /** A store that was restored or replaced and that the operator has not accepted. */
  readonly refused: Refused | undefined
}

type RevocationsOptions = {
  readonly memory: Memory
  readonly newId: () => string
  readonly onPoll: (error: unknown | undefined) => void
  readonly onRowKept: (error: unknown) => void
  readonly timing?: Timing
  /** Waits, and keeps the process from ending meanwhile. */
  readonly sleep?: (ms: number) => Promise<unknown>
}

export function createRevocations(
  { changes }: Pick<Engine, 'changes'>,
  { newId, timing = systemTiming, sleep = wait, ...options }: RevocationsOptions,
): Revocations {
  const serverId = newId()
  const following = { ...options, timing, newBeat: newId }
  if (changes.kind === 'asked') return createAsking(changes, { ...following, serverId, newId, sleep })
  const { lease, verifiers, ...follower } = createFollower({ ...following, followed: changes, serverId })
  let isStarted = false
  return {
    isFresh: lease.isFresh,
    expect: lease.expect,
    settle(revocation) {
      if (isStarted) follower.wake()
      return follower.settle(revocation)
    },
    async start() {
      isStarted = true
      await follower.start()
    },
    leave: follower.leave,
    async stop() {
      if (isStarted) await follower.stop()
    },
    tell: follower.tell,
    dismiss: follower.dismiss,
    verifiers: verifiers.count,
    position: () => positionOf(lease.epoch, lease.applied),
    serverId,
    get applied() {
      return lease.applied
    },
    get refused() {
      return lease.refused
    },
  }
}

/** The embedded store cannot tell the revisions: it does not know what it was restored over. */
const UNKNOWN: Refused = { known: 0, found: 0 }

type AskingOptions = Omit<FollowerOptions, 'followed'> & Required<Pick<RevocationsOptions, 'newId' | 'sleep'>>

/**
 * On the embedded store every process looks at the head before it uses its memory. So a revocation waits only as long
 * as such a look is believed (`settleMs`). While a verifier is connected to one of the processes, that one follows the
 * head too, and is waited for at the barrier.
 */
function createAsking(changes: AskedChanges, options: AskingOptions): Revocations {
  const { memory, serverId, timing, sleep } = options
  const { followed, settleMs } = changes
  const applied = createApplied(memory)
  const isFresh = createFreshness(changes, applied)
  const onDemand = createOnDemand({ ...options, followed })
  // No lease of its own: whoever waits here may be a command, which serves nobody and has nothing in memory.
  const waitForAll = createBarrier({
    followed,
    lease: { expect: () => (head) => head.isAccepted },
    timing,
    onDead: (id, beat) => followed.forget(id, beat).catch(options.onRowKept),
  })
  return {
    isFresh,
    expect: () => () => true,
    async settle(revocation) {
      onDemand.wake()
      const aWhile = () => sleep(settleMs)
      const waits = revocation.isFollowed === true ? [awake(waitForAll(revocation), aWhile)] : []
      // Not a timer of `timing`, which would let the process end: a command that waits here has nothing else to do.
      await Promise.all([aWhile(), ...waits])
    },
    start: async ({ isAlone }) => changes.claim(isAlone),
    leave: onDemand.leave,
    stop: onDemand.stop,
    tell: onDemand.tell,
    dismiss: onDemand.dismiss,
    verifiers: onDemand.count,
    position() {
      isFresh()
      return positionOf(applied.epoch, applied.revision)
    },
    serverId,
    applied: undefined,
    get refused() {
      return changes.isAccepted() ? undefined : UNKNOWN
    },
  }
}

/** Keeps the process from ending until the wait is over. */
async function awake(waiting: Promise<void>, aWhile: () => Promise<unknown>): Promise<void> {
  let isOver = false
  const stayAwake = async () => {
    while (!isOver) await aWhile()
  }
  void stayAwake()
  try {
    await waiting
  } finally {
    isOver = true
  }
}

function positionOf(epoch: string | undefined, revision: number): Pick<Revocation, 'revision' | 'epoch'> {
  if (epoch === undefined) throw cannotVerify(new Error('the store was not heard of yet'))
  return { revision, epoch }
}
