import type { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'

/** Pages of the log that are not in the file yet, when they are brought there: 4 MB, SQLite's own measure. */
const PAGES_DUE = 1_000
/** Pages of the log beyond which the next write waits until they are in the file: 16 MB. Then it begins anew. */
const PAGES_MAX = 4_000
/** The same on a disk that is nearly full: 1 MB. What is left is for revocations, not for their log. */
const PAGES_MAX_WITHOUT_ROOM = 250
/**
 * Rows between two looks at the log, which take as long as the insertion of a key: each row changes some six pages, so that
 * the log is a megabyte longer than it looks at most.
 */
const ROWS_UNSEEN_MAX = 32
/** If the thread is slow, SQLite does its work in a commit: 64 MB. */
const PAGES_AT_COMMIT = 16_000
/**
 * A log that somebody's long reading has made longer, such as a backup's, is cut to so much when it begins anew: 32 MB. It is
 * no longer by itself, and to cut and lengthen it each time would cost the commits.
 */
const BYTES_KEPT = 32 * 1024 * 1024
/** SQLite's own, of a file that nobody made otherwise. */
const PAGE_BYTES = 4_096
/** The thread takes some megabytes: it ends when it has had nothing to do for so long. */
const IDLE_MS = 10_000

/** The id of a thread that ended. */
const GONE = -1

/** Keeps the write-ahead log short. */
export type Checkpoints = {
  /** To be told after each transaction; the next one waits for what it answers. */
  afterCommit(): Promise<void> | undefined
  /** What the file may still grow by when the log is brought there, as of the last look at it. */
  dueBytes(): number
  /** Resolves when nothing is under way. */
  settled(): Promise<void>
  close(): Promise<void>
}

/**
 * A checkpoint writes the pages of the log into the file and waits for the disk twice. SQLite does it inside of the commit
 * that makes the log too long, which held the event loop twice as long as the commit itself: here a thread does it.
 * `database`: the one that writes. `onThreadLost` hears, once, that commits do it from then on.
 */
export function createCheckpoints(
  { database, file }: { readonly database: DatabaseSync; readonly file: string },
  hasRoom: () => boolean,
  onThreadLost: (error: unknown) => void = () => {},
): Checkpoints {
  database.exec(`PRAGMA wal_autocheckpoint = ${PAGES_AT_COMMIT}; PRAGMA journal_size_limit = ${BYTES_KEPT}`)
  const look = createLook(database)
  let worker: Worker | undefined
  let hasFailed = false
  let pagesDue = 0
  /** Whether what was seen last may be otherwise by now, however little was written. */
  let mustLook = true
  let underWay: Promise<void> | undefined
  let idle: NodeJS.Timeout | undefined

  async function run(): Promise<void> {
    clearTimeout(idle)
    try {
      worker = livingOf(worker) ?? start(file)
      // A command that waits for it goes on when it is done.
      worker.ref()
      await answerOf(worker)
      worker.unref()
      idle = setTimeout(end, IDLE_MS).unref()
    } catch (error) {
      // No thread is to be had: SQLite does it in its commits, as it does by itself.
      database.exec(`PRAGMA wal_autocheckpoint = ${PAGES_DUE}`)
      hasFailed = true
      pagesDue = 0
      onThreadLost(error)
    }
    underWay = undefined
    mustLook = true
  }

  async function end(): Promise<void> {
    clearTimeout(idle)
    const ended = worker
    worker = undefined
    await ended?.terminate()
  }

  return {
    afterCommit() {
      const seen = hasFailed ? undefined : look(mustLook)
      if (seen === undefined) return undefined
      pagesDue = seen.log - seen.checkpointed
      mustLook = seen.log >= PAGES_MAX_WITHOUT_ROOM && !hasRoom()
      const isLong = seen.log >= PAGES_MAX || mustLook
      if (pagesDue >= (isLong ? 1 : PAGES_DUE)) underWay ??= run()
      return isLong ? underWay : undefined
    },
    dueBytes: () => pagesDue * PAGE_BYTES,
    settled: async () => underWay,
    async close() {
      await underWay
      await end()
    },
  }
}

/** Pages of the log, and those of them that are in the file. */
type Seen = { readonly log: number; readonly checkpointed: number }

/** Looks at the log when enough rows were changed since the last look, or when it must. */
function createLook(database: DatabaseSync): (mustLook: boolean) => Seen | undefined {
  const log = database.prepare('PRAGMA wal_checkpoint(NOOP)')
  const changes = database.prepare('SELECT total_changes()')
  changes.setReturnArrays(true)
  let rowsSeen = 0
  return (mustLook) => {
    const [rows] = changes.get() as unknown as [number]
    if (!mustLook && rows - rowsSeen < ROWS_UNSEEN_MAX) return undefined
    rowsSeen = rows
    return log.get() as Seen
  }
}

/** One that is gone answers nobody, and tells of its end once. */
const livingOf = (worker: Worker | undefined) => (worker?.threadId === GONE ? undefined : worker)

/** Throws where this process may have no more threads. */
function start(file: string): Worker {
  const worker = new Worker(new URL('./checkpoint-worker.ts', import.meta.url), { workerData: file })
  // Whoever asks it hears of it by itself.
  return worker.on('error', () => {})
}

/** Has the thread do its work once; rejects when it ends instead. */
async function answerOf(worker: Worker): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const ended = (code: number) => reject(new Error(`the thread ended with ${code}`))
  worker.once('message', resolve).once('error', reject).once('exit', ended)
  worker.postMessage('checkpoint')
  try {
    await promise
  } finally {
    worker.off('message', resolve).off('error', reject).off('exit', ended)
  }
}
