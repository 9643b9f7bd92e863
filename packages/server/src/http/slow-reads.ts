import { setImmediate as nextTurn } from 'node:timers/promises'
import { AppError } from '@latchkey/core/error'
import type { Pause } from '../storage/page.ts'

/** Reads that walk many rows, over all companies: the other snapshots stay free for quick ones. */
const RUNNING_MAX = 4

/** A read that walks fewer rows is over before anybody notices. */
const QUICK_ROWS_MAX = 10_000

/** Keeps reads that walk many rows from taking the service: one at a time for each company. */
export type SlowReads = {
  /**
   * Runs a read that calls `pause` after each chunk of rows. Beyond some thousands it is a slow one: throws
   * AppError `unavailable` when the company has one running already, or too many are.
   */
  run<T>(companyId: string, read: (pause: Pause) => Promise<T>): Promise<T>
}

export function createSlowReads(): SlowReads {
  const running = new Set<string>()
  return {
    async run(companyId, read) {
      let isSlow = false
      let walked = 0
      try {
        return await read(async (rows) => {
          walked += rows
          if (!isSlow && walked >= QUICK_ROWS_MAX) {
            if (running.has(companyId) || running.size >= RUNNING_MAX) throw busy()
            running.add(companyId)
            isSlow = true
          }
          await nextTurn()
        })
      } finally {
        if (isSlow) running.delete(companyId)
      }
    },
  }
}

function busy(): AppError {
  return new AppError(
    'unavailable',
    'Another deep page or long search of your company is being read: try again in a moment, or follow nextUrl.',
    { retryAfterSeconds: 1 },
  )
}
