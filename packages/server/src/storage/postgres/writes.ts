import type { Revoke, WriteTurn, Written } from '../engine.ts'
import type { Db } from '../tables/schema.ts'
import type { PostgresLine } from './line.ts'
import type { Pool } from './pool.ts'
import { type GroupOptions, type Write, writeIn } from './write-group.ts'

/** Writes that share one durable transaction: more would only lengthen the wait of the first. */
const GROUP_MAX = 64
/** How long a transaction takes further writes after its first, in milliseconds: others wait for its rows. */
const GROUP_MS_MAX = 20

type Options = Pick<GroupOptions, 'onCommit'> & {
  readonly line: PostgresLine
  readonly pool: Pick<Pool, 'lend'>
  /** Called before the question: see `Lease.expect`. */
  readonly expect: () => GroupOptions['assertExpected']
}

export type PostgresWrites = {
  /**
   * Runs `work` in a transaction when it is its turn. Whoever comes first takes those along that wait for the same row, as
   * `turn` says; `isAlone`: not this one. Throws WriteConflict where it is to be run again.
   */
  write<T>(
    work: (db: Db, revoke: Revoke) => Promise<T>,
    turn: WriteTurn,
    isAlone: boolean,
  ): Promise<Written<T>>
}

export function createPostgresWrites({ line, pool, expect, onCommit }: Options): PostgresWrites {
  const rows = createRows()
  return {
    write<T>(work: (db: Db, revoke: Revoke) => Promise<T>, turn: WriteTurn, isAlone: boolean) {
      const { promise, resolve, reject } = Promise.withResolvers<Written<T>>()
      const write: Write = { work, resolve: resolve as Write['resolve'], reject }
      const { waiting, leave } = rows.enter(turn.mayShare === true && !isAlone ? turn : undefined)
      waiting.add(write)
      const lead = () =>
        pool.lend((client) =>
          writeIn(client, { assertExpected: expect(), take: takeFrom(waiting, write), onCommit }),
        )
      let isLeading = false
      line
        .through(turn, 'write', async () => {
          // From here on nobody else may take it, however long a connection takes to be made.
          isLeading = waiting.delete(write)
          if (isLeading) await lead()
        })
        .catch((error: unknown) => {
          // One that was taken is told by its group.
          if (isLeading || waiting.delete(write)) reject(error)
        })
        .finally(leave)
      return promise
    },
  }
}

/** Those of a group, one after the other: whoever leads it, and then who waits. */
function takeFrom(waiting: Set<Write>, first: Write): () => Write | undefined {
  let taken = 0
  let untilMs = 0
  return () => {
    if (taken === 1) untilMs = performance.now() + GROUP_MS_MAX
    const hasRoom = taken < GROUP_MAX && performance.now() < untilMs
    const next = taken === 0 ? first : hasRoom ? waiting.values().next().value : undefined
    if (next === undefined) return undefined
    waiting.delete(next)
    taken += 1
    return next
  }
}

type Row = { readonly waiting: Set<Write>; callers: number }

/** Who waits for which row: kept as long as anybody wants it. */
function createRows() {
  const rows = new Map<string, Row>()
  return {
    /** Urgent ones are apart, so that none of the others is done before them. undefined: a row of its own. */
    enter(turn: WriteTurn | undefined): { readonly waiting: Set<Write>; readonly leave: () => void } {
      if (turn === undefined) return { waiting: new Set(), leave: () => {} }
      const name = `${turn.isUrgent === true ? 'urgent' : 'other'} ${turn.party}`
      const row = rows.get(name) ?? { waiting: new Set(), callers: 0 }
      rows.set(name, row)
      row.callers += 1
      return {
        waiting: row.waiting,
        leave() {
          row.callers -= 1
          if (row.callers === 0) rows.delete(name)
        },
      }
    },
  }
}
