import { setImmediate as nextTurn } from 'node:timers/promises'
import { AppError } from '@latchkey/core/error'

/** Reads that walk many rows, over all companies: the other snapshots stay free for quick ones. */
const RUNNING_MAX = 4

/** Keeps reads that walk many rows from taking the service: one at a time for each company. */
export type SlowReads = {
  /**
   * Runs a read that calls `pause` before each further chunk of rows. The first pause makes it a slow one:
   * throws AppError `unavailable` when the company has one running already, or too many are.
   */
  run<T>(companyId: string, read: (pause: () => Promise<void>) => Promise<T>): Promise<T>
}

export function createSlowReads(): SlowReads {
  const running = new Set<string>()
  return {
    async run(companyId, read) {
      let isSlow = false
      try {
        return await read(async () => {
          if (!isSlow) {
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
