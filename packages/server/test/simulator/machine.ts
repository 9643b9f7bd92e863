import type { Timing } from '@latchkey/core/timing'
import type { Agenda } from './agenda.ts'
import type { Random } from './random.ts'

/** What waits for a computer that stands still. */
type Waiting = { readonly kind: 'timer' | 'message'; readonly arrive: () => void }

/** How fast its clocks run. */
type Rates = { readonly monotonic: number; readonly wall: number }

/** The computer a server runs on: its clocks, and whether it takes part at all. It outlives its servers. */
export class Machine {
  readonly name: string
  readonly #agenda: Agenda
  readonly #random: Random
  readonly #rates: Rates
  readonly #monotonicStartMs: number
  #wallStartMs: number
  #asleepMs = 0
  #asleepSinceMs: number | undefined
  #isHalted = false
  #waiting: Waiting[] = []

  constructor(name: string, agenda: Agenda, random: Random, rates: Rates) {
    this.name = name
    this.#agenda = agenda
    this.#random = random
    this.#rates = rates
    this.#monotonicStartMs = random.between(1_000, 1_000_000)
    this.#wallStartMs = 1_700_000_000_000 + random.between(-1_000, 1_000)
  }

  get isHalted(): boolean {
    return this.#isHalted
  }

  monotonicMs(): number {
    const awakeMs = (this.#asleepSinceMs ?? this.#agenda.nowMs) - this.#asleepMs
    return this.#monotonicStartMs + this.#rates.monotonic * awakeMs
  }

  wallMs(): number {
    return this.#wallStartMs + this.#rates.wall * this.#agenda.nowMs
  }

  stepWall(byMs: number): void {
    this.#wallStartMs += byMs
  }

  /** Runs it now, or when the computer goes on. */
  deliver(kind: Waiting['kind'], arrive: () => void): void {
    if (this.#isHalted) {
      this.#waiting.push({ kind, arrive })
      return
    }
    this.#agenda.touch()
    arrive()
  }

  /** Nothing runs any more, but clocks go on (SIGSTOP); asleep, the monotonic one stands still as well. */
  halt(isAsleep: boolean): void {
    this.#isHalted = true
    if (isAsleep) this.#asleepSinceMs = this.#agenda.nowMs
  }

  goOn(): void {
    this.#isHalted = false
    if (this.#asleepSinceMs !== undefined) this.#asleepMs += this.#agenda.nowMs - this.#asleepSinceMs
    this.#asleepSinceMs = undefined
    const messages = this.#waiting.filter(({ kind }) => kind === 'message')
    const timers = this.#waiting.filter(({ kind }) => kind === 'timer')
    this.#waiting = []
    // Node looks at sockets or at timers first, as it happened to be stopped; each keeps its own order.
    const late = this.#random.chance(0.5) ? [...messages, ...timers] : [...timers, ...messages]
    for (const { kind, arrive } of late) this.#agenda.quietly(0, () => this.deliver(kind, arrive))
  }

  /** Timers that end with the server they belong to. */
  createTiming(isAlive: () => boolean): Timing {
    return {
      monotonicMs: () => this.monotonicMs(),
      wallMs: () => this.wallMs(),
      after: (ms, callback) => this.#after(isAlive, ms, callback),
    }
  }

  #after(isAlive: () => boolean, ms: number, callback: () => void): () => void {
    const rate = this.#rates.monotonic
    const dueMs = this.monotonicMs() + ms
    let isOff = false
    const ring = (): void => {
      if (isOff || !isAlive()) return
      const leftMs = dueMs - this.monotonicMs()
      // Asleep in between: the time that was slept does not count.
      if (leftMs > 0.001) cancel = this.#agenda.quietly(leftMs / rate, () => this.deliver('timer', ring))
      else callback()
    }
    let cancel = this.#agenda.quietly(ms / rate, () => this.deliver('timer', ring))
    return () => {
      isOff = true
      cancel()
    }
  }
}
