type Entry = { readonly atMs: number; readonly order: number; run: (() => void) | undefined }

/** What happens next, in virtual time. Nothing here waits for a real clock. */
export type Agenda = {
  readonly nowMs: number
  /** Calls back in `delayMs`; answers how to call it off. What falls on one moment comes in the order it was asked. */
  after(delayMs: number, run: () => void): () => void
  /** The same for what concerns no server, unless it calls `touch`: so nothing has to settle before the next step. */
  quietly(delayMs: number, run: () => void): () => void
  /** A server was given something: what follows from it comes before the next step. */
  touch(): void
  /** Goes on until `isOver`, asked after each step and all that followed from it at once. */
  run(isOver: () => boolean): Promise<void>
}

/** Steps for one turn of the real event loop: Node settles all promises between two immediates of one turn. */
const STEPS_IN_TURN = 64

export function createAgenda(): Agenda {
  const queue = createQueue()
  let nowMs = 0
  let order = 0
  let isTouched = false

  function add(delayMs: number, run: () => void): () => void {
    order += 1
    const entry: Entry = { atMs: nowMs + Math.max(0, delayMs), order, run }
    queue.push(entry)
    return () => {
      entry.run = undefined
    }
  }

  /** undefined when nothing is left. */
  function takeNext(): (() => void) | undefined {
    for (;;) {
      const entry = queue.shift()
      if (entry === undefined) return undefined
      if (entry.run === undefined) continue
      nowMs = entry.atMs
      return entry.run
    }
  }

  return {
    get nowMs() {
      return nowMs
    },
    after: (delayMs, run) =>
      add(delayMs, () => {
        isTouched = true
        run()
      }),
    quietly: add,
    touch() {
      isTouched = true
    },
    run: (isOver) =>
      takeSteps(() => {
        isTouched = false
        let isDone = isOver()
        while (!isDone && !isTouched) {
          const run = takeNext()
          if (run === undefined) isDone = true
          else run()
        }
        return isDone
      }),
  }
}

/** Takes a step after the other until one says that it was the last. */
function takeSteps(takeStep: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let isDone = false
    let left = 0
    const schedule = () => {
      left = STEPS_IN_TURN
      for (let step = 0; step < STEPS_IN_TURN; step += 1) setImmediate(takeOne)
    }
    const takeOne = () => {
      if (isDone) return
      left -= 1
      try {
        isDone = takeStep()
      } catch (error) {
        isDone = true
        reject(error)
      }
      if (isDone) resolve()
      else if (left === 0) schedule()
    }
    schedule()
  })
}

/** A binary heap by moment, then by order. */
function createQueue() {
  const heap: Entry[] = []
  const isBefore = (one: Entry, other: Entry) =>
    one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order)

  function sink(entry: Entry): void {
    let hole = 0
    for (;;) {
      let child = 2 * hole + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1
      if (!isBefore(heap[child]!, entry)) break
      heap[hole] = heap[child]!
      hole = child
    }
    heap[hole] = entry
  }

  return {
    push(entry: Entry): void {
      let hole = heap.length
      while (hole > 0) {
        const parent = (hole - 1) >> 1
        if (!isBefore(entry, heap[parent]!)) break
        heap[hole] = heap[parent]!
        hole = parent
      }
      heap[hole] = entry
    },
    shift(): Entry | undefined {
      const first = heap[0]
      const last = heap.pop()
      if (last !== undefined && heap.length > 0) sink(last)
      return first
    },
  }
}
