import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Db } from '../tables/schema.ts'

/** How long whoever holds the lease may believe a look at the head, in milliseconds from before the look. */
const LEASE_MS = 10
/** Waited beyond it. All processes of one file read the clock of one machine, so that any margin will do. */
const MARGIN_MS = 10
/** How long others may go on answering from memory after a commit. */
export const SETTLE_MS = LEASE_MS + MARGIN_MS

/** Noted in place of an id: every process may believe its looks, and each must be waited for. */
const EVERYBODY = 'everybody'

/**
 * Whom the head names. null: nobody has held the lease of this store yet, so that no look was ever believed.
 * NOTE: it never becomes null again, for whoever finds null waits for nobody.
 */
export type Leaseholder = string | null

/**
 * Who may answer from memory without a look at the head, and who has to be waited for (decision 51). The head names
 * one process, or everybody. Whoever revokes and is not that one process waits, after the commit, until no look
 * from before it is believed any more. All processes of one file run on one machine: their clocks go alike.
 */
export type SqliteLease = {
  /** Whether the last look may still be believed. */
  isRunning(): boolean
  /** A look that began then found this holder named. */
  renew(beganAtMs: number, leaseholder: Leaseholder): void
  /** Something was committed here: whoever is told of it must find it in force. */
  end(): void
  /** Has the next write name this process, or everybody where several serve from one file on purpose. */
  claim(isAlone: boolean): void
  /** Part of each write. What it answers is called when the write is committed. */
  take(db: Db): Promise<() => void>
  /** Whether others may still answer from before a commit that found this holder named. Ask when it has returned. */
  mustSettle(leaseholder: Leaseholder): boolean
}

export function createSqliteLease(monotonicMs: () => number): SqliteLease {
  const id = randomUUID()
  let wanted: string | undefined
  let lookedAtMs = Number.NEGATIVE_INFINITY
  let isHeld = false
  /** From this moment on nobody who held it before believes an earlier look. */
  let aloneFromMs = Number.POSITIVE_INFINITY

  return {
    isRunning() {
      const sinceMs = monotonicMs() - lookedAtMs
      return isHeld && sinceMs >= 0 && sinceMs <= LEASE_MS
    },
    renew(beganAtMs, leaseholder) {
      lookedAtMs = beganAtMs
      isHeld = leaseholder === id || leaseholder === EVERYBODY
    },
    end() {
      lookedAtMs = Number.NEGATIVE_INFINITY
    },
    claim(isAlone) {
      wanted = isAlone ? id : EVERYBODY
    },
    async take(db) {
      const mine = wanted
      if (mine === undefined) return () => {}
      const before = await exchangeLeaseholder(db, mine)
      return () => {
        if (wanted === mine) wanted = undefined
        if (before !== mine) aloneFromMs = monotonicMs() + (before === null ? 0 : SETTLE_MS)
      }
    },
    mustSettle(leaseholder) {
      if (leaseholder === null) return false
      return leaseholder !== id || monotonicMs() < aloneFromMs
    },
  }
}

async function exchangeLeaseholder(db: Db, leaseholder: string): Promise<Leaseholder> {
  const { rows } = await sql<{ leaseholder: Leaseholder }>`SELECT leaseholder FROM head`.execute(db)
  await sql`UPDATE head SET leaseholder = ${leaseholder}`.execute(db)
  return rows[0]!.leaseholder
}
