import type { Timing } from '@latchkey/core/timing'
import type { Agenda } from './agenda.ts'
import type { Random } from './random.ts'

/** What waits for a computer that stands still. */
type Waiting = { readonly kind: 'timer' | 'message'; readonly arrive: () => void }

/** How fast clocks run. */
type Rates = { readonly monotonic: number; readonly wall: number }

/** The clocks of a computer. */
export class Clocks {
  readonly rates: Rates
  readonly #agenda: Agenda
  readonly #monotonicStartMs: number
  #wallStartMs: number
  #asleepMs = 0
  #asleepSinceMs: number | undefined

  constructor(agenda: Agenda, random: Random, rates: Rates) {
    this.rates = rates
    this.#agenda = agenda
    this.#monotonicStartMs = random.between(1_000, 1_000_000)
    this.#wallStartMs = 1_700_000_000_000 + random.between(-1_000, 1_000)
  }

  monotonicMs(): number {
    const awakeMs = (this.#asleepSinceMs ?? this.#agenda.nowMs) - this.#asleepMs
    return this.#monotonicStartMs + this.rates.monotonic * awakeMs
  }

  wallMs(): number {
    return this.#wallStartMs + this.rates.wall * this.#agenda.nowMs
  }

  stepWall(byMs: number): void {
    this.#wallStartMs += byMs
  }

  /** The monotonic one stands still. */
  fallAsleep(): void {
    this.#asleepSinceMs ??= this.#agenda.nowMs
  }

  wakeUp(): void {
    if (this.#asleepSinceMs !== undefined) this.#asleepMs += this.#agenda.nowMs - this.#asleepSinceMs
    this.#asleepSinceMs = undefined
  }
}

/**
 * The computer a server runs on, or a place on one where others have the same clocks: whether it takes part at all. It
 * outlives its servers.
 */
export class Machine {
  readonly name: string
  readonly clocks: Clocks
  readonly #agenda: Agenda
  readonly #random: Random
  #isHalted = false
  #waiting: Waiting[] = []

  constructor(name: string, agenda: Agenda, random: Random, clocks: Clocks) {
    this.name = name
    this.clocks = clocks
    this.#agenda = agenda
    this.#random = random
  }

  get isHalted(): boolean {
    return this.#isHalted
  }

  wallMs(): number {
    return this.clocks.wallMs()
  }

  stepWall(byMs: number): void {
    this.clocks.stepWall(byMs)
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
    if (isAsleep) this.clocks.fallAsleep()
  }

  goOn(): void {
    this.#isHalted = false
    this.clocks.wakeUp()
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
      monotonicMs: () => this.clocks.monotonicMs(),
      wallMs: () => this.wallMs(),
      after: (ms, callback) => this.#after(isAlive, ms, callback),
    }
  }

  #after(isAlive: () => boolean, ms: number, callback: () => void): () => void {
    const { clocks } = this
    const rate = clocks.rates.monotonic
    const dueMs = clocks.monotonicMs() + ms
    let isOff = false
    const ring = (): void => {
      if (isOff || !isAlive()) return
      const leftMs = dueMs - clocks.monotonicMs()
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
