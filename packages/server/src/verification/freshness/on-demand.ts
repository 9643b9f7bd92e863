import { leavingError, type Teller } from '../verifiers/teller.ts'
import { createFollower, type Follower, type FollowerOptions } from './follower.ts'

/** How long a process goes on following when it has no verifiers any more, in milliseconds. */
const IDLE_MS_MAX = 5_000

type OnDemandOptions = Omit<FollowerOptions, 'memory' | 'serverId'> & { readonly newId: () => string }

/** Follows the head while verifiers are connected, and costs nothing while none is. */
export type OnDemand = {
  readonly tell: Teller['tell']
  readonly dismiss: Teller['dismiss']
  count(): { readonly leased: number; readonly behind: number }
  wake(): void
  leave(): void
  stop(): Promise<void>
}

/** This process asks the store before it uses its own memory. It follows the head for its verifiers only. */
const NO_MEMORY = { drop: () => {}, clear: () => {} }

export function createOnDemand(options: OnDemandOptions): OnDemand {
  const { timing, newId } = options
  let current:
    | { readonly follower: Follower; readonly started: Promise<void>; hasStarted: boolean }
    | undefined
  let usedAtMs = 0
  let isLeaving = false
  let stopping: Promise<void> = Promise.resolve()

  function begin() {
    const follower = createFollower({
      ...options,
      memory: NO_MEMORY,
      // Another id each time: the last follower may still withdraw its row, and must not remove this one's.
      serverId: newId(),
      onPoll(error) {
        options.onPoll(error)
        letGoOf(follower)
      },
    })
    const begun = { follower, started: follower.start(), hasStarted: false }
    const note = () => {
      begun.hasStarted = true
    }
    begun.started.then(note, () => {})
    return begun
  }

  function letGoOf(follower: Follower): void {
    const isUsed = follower.verifiers.size > 0 || timing.monotonicMs() - usedAtMs < IDLE_MS_MAX
    if (isUsed || current?.follower !== follower) return
    current = undefined
    stopping = follower.stop().catch(options.onRowKept)
  }

  return {
    tell(question, patience) {
      if (isLeaving) throw leavingError()
      usedAtMs = timing.monotonicMs()
      current ??= begin()
      const { follower, started, hasStarted } = current
      // Mostly the follower has been running for long: then no further promise is made.
      return hasStarted
        ? follower.tell(question, patience)
        : started.then(() => follower.tell(question, patience))
    },
    dismiss: (question) => current?.follower.dismiss(question),
    count: () => current?.follower.verifiers.count() ?? { leased: 0, behind: 0 },
    wake: () => current?.follower.wake(),
    leave() {
      isLeaving = true
      current?.follower.leave()
    },
    async stop() {
      isLeaving = true
      await current?.follower.stop()
      await stopping
    },
  }
}
