import type { Timing } from '@latchkey/core/timing'
import type { FollowedChanges, Head, Revocation } from '../../storage/engine.ts'
import { createChangeFeed } from '../verifiers/change-feed.ts'
import { createTeller, type Teller } from '../verifiers/teller.ts'
import { createVerifiers, type Verifiers } from '../verifiers/verifiers.ts'
import type { Memory } from './applied.ts'
import { createBarrier } from './barrier.ts'
import { createLease, type Lease } from './lease.ts'
import { createPoller } from './poller.ts'

export type FollowerOptions = {
  readonly followed: FollowedChanges
  readonly memory: Memory
  readonly timing: Timing
  /** Random, of this follower only. */
  readonly serverId: string
  readonly newBeat: () => string
  readonly onPoll: (error: unknown | undefined) => void
  readonly onRowKept: (error: unknown) => void
}

/** A server that follows the head, with the verifiers that are connected to it. */
export type Follower = {
  readonly lease: Lease
  readonly verifiers: Verifiers
  readonly tell: Teller['tell']
  readonly dismiss: Teller['dismiss']
  expect(): (head: Head) => boolean
  settle(revocation: Revocation): Promise<void>
  start(): Promise<void>
  wake(): void
  /** Stops answering verifiers. */
  leave(): void
  stop(): Promise<void>
}

export function createFollower(options: FollowerOptions): Follower {
  const { followed, memory, timing } = options
  const feed = createChangeFeed()
  const lease = createLease(memory, timing, (changes, isNext) => {
    feed.take(changes, isNext)
    teller.wake(isNext ? changes.rows : undefined)
  })
  const verifiers = createVerifiers({ timing, lease, feed, onCaughtUp: () => poller.wake() })
  const teller = createTeller({ timing, lease, verifiers })
  const poller = createPoller({ ...options, lease, verifiers })
  const settle = createBarrier({ followed, lease, timing })
  return {
    lease,
    verifiers,
    tell: teller.tell,
    dismiss: teller.dismiss,
    expect: lease.expect,
    settle,
    start: poller.start,
    wake: poller.wake,
    leave: teller.stop,
    async stop() {
      teller.stop()
      await poller.stop()
    },
  }
}
