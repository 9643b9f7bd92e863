import { momentOf, type Timing } from '@latchkey/core/timing'
import type { ChangesRequest, ChangesResult } from '../wire.ts'
import type { Memory } from './applied.ts'
import { createStanding, type Standing } from './standing.ts'

/** A question that is not answered by then is given up, with its connection. Milliseconds. */
const POLL_MS_MAX = 900
/** After the first failure in a row, the second, and so on: a service that is back is found soon. */
const PAUSES_MS = [50, 100, 250, 500] as const
/** After a refusal: a key that is not accepted is not tried as often as a server that is gone. */
const REFUSED_PAUSE_MS = 2_000
/** After the second answer in a row that gives no lease: the first wants to hear that memory was emptied. */
const UNLEASED_PAUSE_MS = 250

type FollowerOptions = {
  readonly timing: Timing
  /** Of records. */
  readonly memory: Memory
  /** Asks on a connection of its own. Rejects after `msMax`, with the connection: its late answer is never seen. */
  readonly ask: (question: ChangesRequest, msMax: number) => Promise<ChangesResult>
  /** Ends the question that is under way. */
  readonly hangUp: () => void
  /** Random, for every call another. */
  readonly newId: () => string
  /** Whether an error says that the service does not accept who asks. */
  readonly isRefusal: (error: unknown) => boolean
  /** Hears of each question that was answered or not, and when the lease ends. */
  readonly onLook: () => void
}

/** Keeps memory up to date, and knows how long it may answer. No I/O: the simulator runs it. */
export type Follower = Pick<Standing, 'isFresh' | 'expect' | 'forget'> & {
  start(): void
  /** Why the last question failed; undefined: it did not. */
  readonly failure: unknown
  /** Empties memory, and then says goodbye. */
  stop(): Promise<void>
  readonly polls: number
  readonly resets: number
}

export function createFollower(options: FollowerOptions): Follower {
  const { timing, ask, onLook } = options
  const standing = createStanding(options)
  const poll = createPoll(options, standing)
  let isStopped = false
  let running: Promise<void> | undefined
  let endPause = () => {}

  async function run(): Promise<void> {
    while (!isStopped) {
      const pauseMs = await poll.once(() => isStopped)
      onLook()
      if (pauseMs > 0 && !isStopped) await pause(pauseMs)
    }
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = timing.after(ms, resolve)
      endPause = () => {
        cancel()
        resolve()
      }
    })
  }

  return {
    isFresh: standing.isFresh,
    expect: standing.expect,
    forget: standing.forget,
    start() {
      running ??= run()
    },
    get failure() {
      return poll.failure
    },
    async stop() {
      isStopped = true
      const goodbye = standing.resign()
      poll.stop()
      endPause()
      options.hangUp()
      await running
      if (running !== undefined) await ask(goodbye, POLL_MS_MAX).catch(() => {})
    },
    get polls() {
      return poll.count
    },
    get resets() {
      return poll.resets
    },
  }
}

const anotherEachTime = () => new Error('the function that gives the key gave another one each time')

/** One question after the other. */
function createPoll({ timing, ask, isRefusal, onLook }: FollowerOptions, standing: Standing) {
  let [count, resets, failures, unleased, inVain] = [0, 0, 0, 0, 0]
  let failure: unknown
  let cancelLook = () => {}

  function succeed(forMs: number): number {
    failures = 0
    inVain = 0
    failure = undefined
    cancelLook()
    cancelLook = timing.after(Math.max(0, forMs) + 1, onLook)
    unleased = forMs > 0 ? 0 : unleased + 1
    return unleased < 2 ? 0 : UNLEASED_PAUSE_MS
  }

  function fail(error: unknown): number {
    failure = error
    failures += 1
    if (!isRefusal(error)) return PAUSES_MS[Math.min(failures, PAUSES_MS.length) - 1]!
    standing.forget()
    return REFUSED_PAUSE_MS
  }

  /** Asked as somebody who is somebody else by now: after a new key once, and where each question has a new key always. */
  function forgotten(error: unknown = anotherEachTime()): number {
    inVain += 1
    return inVain < 2 ? 0 : fail(error)
  }

  return {
    /** Answers how long to wait before the next, in milliseconds. */
    async once(isStopped: () => boolean): Promise<number> {
      const asked = standing.question()
      const sent = momentOf(timing)
      count += 1
      try {
        const told = await ask(asked, POLL_MS_MAX)
        if (told.nonce !== asked.nonce) throw new Error('an answer to another question')
        // It is for nobody.
        if (isStopped()) return 0
        if (!standing.isOurs(asked)) return forgotten()
        if (told.reset) resets += 1
        return succeed(standing.take(sent, asked, told))
      } catch (error) {
        return standing.isOurs(asked) ? fail(error) : forgotten(error)
      }
    },
    stop: () => cancelLook(),
    get failure() {
      return failure
    },
    get count() {
      return count
    },
    get resets() {
      return resets
    },
  }
}
