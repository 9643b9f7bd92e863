import type { Timing } from '../../src/verification/timing.ts'
import type { Agenda } from './agenda.ts'
import type { Machine } from './machine.ts'
import type { Random } from './random.ts'

type Direction = 'out' | 'back'

/** What the store answers: an error, or a value. */
export type Answer<T> = (error: Error | undefined, value?: T) => void

/** One connection, as TCP has it: what is sent on it arrives in order, once, late, or never. */
export type Line = {
  /** Which start of the store it was made in; undefined before the first message arrived there. */
  madeIn: number | undefined
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
export type FarEnd = { readonly isUp: boolean; readonly starts: number }

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

export type Wire = {
  open(): Line
  /** Runs `work` at the store and brings its answer back. Rejects after `msMax`, and when the line breaks. */
  ask<T>(line: Line, msMax: number, work: (answer: Answer<T>) => void): Promise<T>
  /** Ends what is under way on it. What was sent may still arrive. */
  close(line: Line): void
  /** Sent without waiting for anything. */
  tell(line: Line, arrive: () => void): void
}

const LATE_MS_MAX = 900

export function createWire(
  { agenda, random, farEnd }: { agenda: Agenda; random: Random; farEnd: FarEnd },
  {
    machine,
    road,
    timing,
    isAlive,
  }: { machine: Machine; road: Road; timing: Timing; isAlive: () => boolean },
): Wire {
  function delayMs(): number {
    const usual = random.between(0.2, 1) * road.usualMs
    return (
      (random.chance(road.lateness) ? 20 + random.between(0, 1) ** 2 * LATE_MS_MAX : usual) * road.slowness
    )
  }

  function carry(direction: Direction, line: Line, arrive: () => void): void {
    const atMs = Math.max(agenda.nowMs + delayMs() + road.extraMs[direction], line.lastMs[direction])
    line.lastMs[direction] = atMs
    agenda.quietly(atMs - agenda.nowMs, () => {
      if (line.isSilent) return
      if (road.cut.has(direction)) road.held.push({ line, arrive })
      else arrive()
    })
  }

  function receive<T>(line: Line, work: (answer: Answer<T>) => void, answer: Answer<T>): void {
    if (!farEnd.isUp) return answer(new Error('connection refused'))
    line.madeIn ??= farEnd.starts
    if (line.madeIn !== farEnd.starts) return answer(new Error('connection reset'))
    work(answer)
  }

  return {
    open() {
      const pending: Line['pending'] = new Set()
      const reset = () =>
        machine.deliver('message', () => {
          if (isAlive()) for (const fail of pending) fail(new Error('connection reset'))
        })
      return {
        madeIn: undefined,
        isSilent: false,
        isClosed: false,
        lastMs: { out: 0, back: 0 },
        pending,
        reset,
      }
    },
    ask: (line, msMax, work) =>
      new Promise((resolve, reject) => {
        let cancel = () => {}
        const fail = (error: Error) => {
          if (!line.pending.delete(fail)) return
          cancel()
          reject(error)
        }
        if (line.isClosed) return reject(new Error('connection closed'))
        line.pending.add(fail)
        cancel = timing.after(msMax, () => fail(new Error('query timeout')))
        carry('out', line, () =>
          receive(line, work, (error, value) =>
            carry('back', line, () =>
              machine.deliver('message', () => {
                if (!isAlive()) return
                if (error !== undefined) return fail(error)
                if (!line.pending.delete(fail)) return
                cancel()
                resolve(value!)
              }),
            ),
          ),
        )
      }),
    close(line) {
      line.isClosed = true
      for (const fail of line.pending) fail(new Error('connection closed'))
    },
    tell: (line, arrive) => carry('out', line, arrive),
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
