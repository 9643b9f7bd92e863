import type { Timing } from '../../src/verification/timing.ts'
import type { Agenda } from './agenda.ts'
import type { Random } from './random.ts'

/** What waits for a computer that stands still. */
type Waiting = { readonly kind: 'timer' | 'message'; readonly arrive: () => void }

/** The computer a server runs on: its clocks, and whether it takes part at all. It outlives its servers. */
export type Machine = {
  readonly name: string
  monotonicMs(): number
  wallMs(): number
  readonly isHalted: boolean
  /** Runs it now, or when the computer goes on. */
  deliver(kind: Waiting['kind'], arrive: () => void): void
  /** Nothing runs any more, but clocks go on (SIGSTOP); asleep, the monotonic one stands still as well. */
  halt(isAsleep: boolean): void
  goOn(): void
  stepWall(byMs: number): void
  /** Timers that end with the server they belong to. */
  createTiming(isAlive: () => boolean): Timing
}

/** `rates`: how fast its clocks run. */
export function createMachine(
  name: string,
  agenda: Agenda,
  random: Random,
  rates: { readonly monotonic: number; readonly wall: number },
): Machine {
  const monotonicStartMs = random.between(1_000, 1_000_000)
  let wallStartMs = 1_700_000_000_000 + random.between(-1_000, 1_000)
  let asleepMs = 0
  let asleepSinceMs: number | undefined
  let isHalted = false
  let waiting: Waiting[] = []

  const monotonicMs = () => {
    const awakeMs = (asleepSinceMs ?? agenda.nowMs) - asleepMs
    return monotonicStartMs + rates.monotonic * awakeMs
  }

  function deliver(kind: Waiting['kind'], arrive: () => void): void {
    if (isHalted) {
      waiting.push({ kind, arrive })
      return
    }
    agenda.touch()
    arrive()
  }

  /** Node looks at sockets or at timers first, as it happened to be stopped; each keeps its own order. */
  function inSomeOrder(all: readonly Waiting[]): Waiting[] {
    const messages = all.filter(({ kind }) => kind === 'message')
    const timers = all.filter(({ kind }) => kind === 'timer')
    return random.chance(0.5) ? [...messages, ...timers] : [...timers, ...messages]
  }

  function after(isAlive: () => boolean, ms: number, callback: () => void): () => void {
    const dueMs = monotonicMs() + ms
    let isOff = false
    let cancel = agenda.quietly(ms / rates.monotonic, () => deliver('timer', ring))
    function ring(): void {
      if (isOff || !isAlive()) return
      const leftMs = dueMs - monotonicMs()
      // Asleep in between: the time that was slept does not count.
      if (leftMs > 0.001) cancel = agenda.quietly(leftMs / rates.monotonic, () => deliver('timer', ring))
      else callback()
    }
    return () => {
      isOff = true
      cancel()
    }
  }

  return {
    name,
    monotonicMs,
    wallMs: () => wallStartMs + rates.wall * agenda.nowMs,
    get isHalted() {
      return isHalted
    },
    deliver,
    halt(isAsleep) {
      isHalted = true
      if (isAsleep) asleepSinceMs = agenda.nowMs
    },
    goOn() {
      isHalted = false
      if (asleepSinceMs !== undefined) asleepMs += agenda.nowMs - asleepSinceMs
      asleepSinceMs = undefined
      const late = inSomeOrder(waiting)
      waiting = []
      for (const { kind, arrive } of late) agenda.quietly(0, () => deliver(kind, arrive))
    },
    stepWall(byMs) {
      wallStartMs += byMs
    },
    createTiming: (isAlive) => ({
      monotonicMs,
      wallMs: () => wallStartMs + rates.wall * agenda.nowMs,
      after: (ms, callback) => after(isAlive, ms, callback),
    }),
  }
}
