import type { Timing } from '@latchkey/core/timing'
import type { Agenda } from './agenda.ts'
import type { Machine } from './machine.ts'
import type { Random } from './random.ts'

type Direction = 'out' | 'back'

/** What the store answers: an error, or a value. */
export type Answer<T> = (error: Error | undefined, value?: T) => void

/** One connection, as TCP has it: what is sent on it arrives in order, once, late, or never. */
export type Line = {
  /** Which start of the store it was made for: it does not outlive that. */
  readonly madeFor: number
  /** Half open: nothing that is sent arrives any more, and nobody is told. */
  isSilent: boolean
  /** The client has let go of it. */
  isClosed: boolean
  readonly lastMs: Record<Direction, number>
  /** Ends the questions that are under way. */
  readonly pending: Set<(error: Error) => void>
  /** The client hears that it is dead. */
  readonly reset: () => void
}

/** The store at the far end, as the wire knows it. */
type FarEnd = { readonly isUp: boolean; readonly starts: number }

/** How the way to the store is now. It belongs to the computer, and so outlives its servers. */
export type Road = {
  cut: ReadonlySet<Direction>
  /** Factor on every delay. */
  slowness: number
  /** What one way takes longer. Milliseconds. */
  extraMs: Record<Direction, number>
  /** Delay for most messages, and how often one takes far longer. Milliseconds. */
  readonly usualMs: number
  lateness: number
  /** What arrived at the cut. */
  held: { readonly line: Line; readonly arrive: () => void }[]
}

type Ends = {
  readonly agenda: Agenda
  readonly random: Random
  readonly farEnd: FarEnd
  readonly machine: Machine
  readonly road: Road
  readonly timing: Timing
  readonly isAlive: () => boolean
}

const LATE_MS_MAX = 900

/** One server's way to the store. */
export class Wire {
  readonly #ends: Ends

  constructor(ends: Ends) {
    this.#ends = ends
  }

  open(): Line {
    const { machine, farEnd, isAlive } = this.#ends
    const pending: Line['pending'] = new Set()
    const reset = () =>
      machine.deliver('message', () => {
        if (isAlive()) for (const fail of pending) fail(new Error('connection reset'))
      })
    return {
      madeFor: farEnd.starts,
      isSilent: false,
      isClosed: false,
      lastMs: { out: 0, back: 0 },
      pending,
      reset,
    }
  }

  /** Runs `work` at the store and brings its answer back. Rejects after `msMax`, and when the line breaks. */
  ask<T>(line: Line, msMax: number, work: (answer: Answer<T>) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (line.isClosed) return reject(new Error('connection closed'))
      const fail = (error: Error) => {
        if (!line.pending.delete(fail)) return
        cancel()
        reject(error)
      }
      const succeed = (value: T) => {
        if (!line.pending.delete(fail)) return
        cancel()
        resolve(value)
      }
      line.pending.add(fail)
      const cancel = this.#ends.timing.after(msMax, () => fail(new Error('query timeout')))
      const answer: Answer<T> = (error, value) =>
        this.#bringBack(line, () => (error === undefined ? succeed(value!) : fail(error)))
      this.#carry('out', line, () => this.#receive(line, work, answer))
    })
  }

  /** Ends what is under way on it. What was sent may still arrive. */
  close(line: Line): void {
    line.isClosed = true
    for (const fail of line.pending) fail(new Error('connection closed'))
  }

  /** Sent without waiting for anything. */
  tell(line: Line, arrive: () => void): void {
    this.#carry('out', line, arrive)
  }

  #receive<T>(line: Line, work: (answer: Answer<T>) => void, answer: Answer<T>): void {
    const { farEnd } = this.#ends
    if (!farEnd.isUp) answer(new Error('connection refused'))
    else if (line.madeFor !== farEnd.starts) answer(new Error('connection reset'))
    else work(answer)
  }

  #bringBack(line: Line, arrive: () => void): void {
    const { machine, isAlive } = this.#ends
    this.#carry('back', line, () =>
      machine.deliver('message', () => {
        if (isAlive()) arrive()
      }),
    )
  }

  #carry(direction: Direction, line: Line, arrive: () => void): void {
    const { agenda, road } = this.#ends
    const atMs = Math.max(agenda.nowMs + this.#delayMs() + road.extraMs[direction], line.lastMs[direction])
    line.lastMs[direction] = atMs
    agenda.quietly(atMs - agenda.nowMs, () => {
      if (line.isSilent) return
      if (road.cut.has(direction)) road.held.push({ line, arrive })
      else arrive()
    })
  }

  #delayMs(): number {
    const { random, road } = this.#ends
    const usualMs = random.between(0.2, 1) * road.usualMs
    const isLate = random.chance(road.lateness)
    return (isLate ? 20 + random.between(0, 1) ** 2 * LATE_MS_MAX : usualMs) * road.slowness
  }
}

/** Takes the way up again: what was under way arrives after all, or the connections turn out to be dead. */
export function heal(road: Road, agenda: Agenda, random: Random): void {
  road.cut = new Set()
  const held = road.held
  road.held = []
  const isReset = random.chance(0.5)
  let delayMs = 0
  for (const { line, arrive } of held) {
    if (isReset) {
      line.isSilent = true
      line.reset()
      continue
    }
    delayMs += random.between(0, 3)
    agenda.quietly(delayMs, () => {
      if (!line.isSilent) arrive()
    })
  }
}
