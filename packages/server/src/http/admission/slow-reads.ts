import { AppError } from '@latchkey/core/error'
import type { Pace } from '../../storage/tables/listing/page.ts'
import type { Turns } from './turns.ts'

/** Reads that walk many rows, over all companies: the other snapshots stay free for quick ones. */
const RUNNING_MAX = 4
/** A read that walks fewer rows is over before anybody notices. */
const QUICK_ROWS_MAX = 10_000
/** A snapshot keeps the store from tidying up: nobody has one for longer. Ten million rows take half of it. */
const READING_MS_MAX = 30_000

/** Rows of one chunk: at first, and at most, for chunks grow while they are read quickly. */
const CHUNK_ROWS_FIRST = 16
const CHUNK_ROWS_MAX = 250
const CHUNK_ROWS_MIN = 2
/** How long a chunk may hold the event loop, in milliseconds. */
const CHUNK_MS = 0.25

/** Keeps reads that walk many rows from taking the service: one at a time for each company. */
export type SlowReads = {
  /**
   * Runs a read at a pace that leaves others their turns. Beyond some thousands of rows it is a slow one: throws
   * AppError `unavailable` when the company has one running already, too many are, or it takes too long.
   */
  run<T>(companyId: string, read: (pace: Pace) => Promise<T>): Promise<T>
}

type Options = {
  readonly turns: Turns
  /** The store is read in this process: whatever a chunk takes, the event loop is held for. */
  readonly isStoreInside: boolean
  readonly monotonicMs?: () => number
}

export function createSlowReads(options: Options): SlowReads {
  const { turns, isStoreInside, monotonicMs = () => performance.now() } = options
  const running = new Set<string>()
  return {
    async run(companyId, read) {
      const beganAtMs = monotonicMs()
      let chunkBeganAtMs = beganAtMs
      let chunkRows = isStoreInside ? CHUNK_ROWS_FIRST : CHUNK_ROWS_MAX
      let isSlow = false
      let walked = 0
      const pace: Pace = {
        get chunkRows() {
          return chunkRows
        },
        async pause(rows) {
          const nowMs = monotonicMs()
          if (isStoreInside) chunkRows = nextRows(chunkRows, nowMs - chunkBeganAtMs)
          if (nowMs - beganAtMs > READING_MS_MAX) throw tookTooLong()
          walked += rows
          if (!isSlow && walked >= QUICK_ROWS_MAX) {
            if (running.has(companyId) || running.size >= RUNNING_MAX) throw busy()
            running.add(companyId)
            isSlow = true
          }
          await turns.take(companyId)
          chunkBeganAtMs = monotonicMs()
        },
      }
      try {
        return await read(pace)
      } finally {
        if (isSlow) running.delete(companyId)
      }
    },
  }
}

/** Rows differ a thousandfold in size: the time that the last ones took says what the next ones may be. */
function nextRows(rows: number, tookMs: number): number {
  if (tookMs > CHUNK_MS) return Math.max(CHUNK_ROWS_MIN, Math.floor((rows * CHUNK_MS) / tookMs))
  return tookMs > CHUNK_MS / 2 ? rows : Math.min(CHUNK_ROWS_MAX, rows * 2)
}

function busy(): AppError {
  return new AppError(
    'unavailable',
    'Another deep page or long search of your company is being read: try again in a moment, or follow nextUrl.',
    { retryAfterSeconds: 1 },
  )
}

function tookTooLong(): AppError {
  return new AppError(
    'unavailable',
    `The page was not found within ${READING_MS_MAX / 1_000} s: follow nextUrl instead of a deep offset, or search for less.`,
    { retryAfterSeconds: 5 },
  )
}
