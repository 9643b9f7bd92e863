import { closeSync, fstatSync, openSync, readSync, realpathSync, statSync } from 'node:fs'

/** At the beginning of the file; a second copy of it follows (sqlite.org/walformat.html §2.1). */
const HEADER_WORDS = 12
const HEADER_BYTES = HEADER_WORDS * 4

/**
 * Tells whether anybody has committed to a store since the last time it was asked, without asking SQLite: each
 * commit, of whatever process, writes the header of the shared write-ahead-log index before it returns, and no
 * header comes twice: under one salt the number of frames only grows, and a log begun anew has another salt. One
 * system call, a third of the cost of the smallest query.
 */
export type WalIndex = {
  /** true: nobody has. Remembers what it saw, for the next time. Throws when the file cannot be read. */
  isUnchanged(): boolean
  close(): void
}

/**
 * Opened once a connection has read from the store: the file exists as long as one is open.
 *
 * Reads the first copy of the header, which SQLite writes last: half written it differs from what was seen before
 * or is still the same, and then the commit has not returned. Either way the next look sees it whole.
 */
export function openWalIndex(storeFile: string): WalIndex {
  const shared = share(`${realpathSync(storeFile)}-shm`)
  const header = new Int32Array(HEADER_WORDS)
  const seen = new Int32Array(HEADER_WORDS)
  let isClosed = false
  return {
    isUnchanged() {
      // The number of a closed descriptor may belong to another file by now.
      if (isClosed) throw new Error('the store is closed')
      let isSame = readSync(shared.descriptor, header, 0, HEADER_BYTES, 0) === HEADER_BYTES
      for (let word = 0; word < HEADER_WORDS; word += 1) {
        const value = header[word]!
        if (value !== seen[word]) isSame = false
        seen[word] = value
      }
      return isSame
    },
    close() {
      if (isClosed) return
      isClosed = true
      release(shared)
    },
  }
}

/** Whether an index can be believed. */
export type Trial = {
  /** Call inside a write transaction: until its end nobody else can commit. */
  begun(): void
  /** Call when it is committed. */
  committed(): void
  /** A commit of this process was seen in the index at once. */
  readonly isPassed: boolean
}

/**
 * What SQLite writes through shared memory must be seen by whoever reads the file, which not every file system
 * promises (decision 50). So an index is believed once a commit that was made here showed in it.
 */
export function createTrial(walIndex: Pick<WalIndex, 'isUnchanged'>): Trial {
  let isPassed = false
  let isBegun = false
  /** undefined: it cannot be read, which is no reason for a write to fail. */
  const look = (): boolean | undefined => {
    try {
      return walIndex.isUnchanged()
    } catch {
      return undefined
    }
  }
  return {
    begun() {
      if (!isPassed) isBegun = look() !== undefined
    },
    committed() {
      if (isBegun) isPassed = look() === false
      isBegun = false
    },
    get isPassed() {
      return isPassed
    },
  }
}

type Shared = { readonly inode: string; readonly descriptor: number; users: number }

/** By inode: a name may come to stand for another file. One that is open keeps its number. */
const open = new Map<string, Shared>()

function share(file: string): Shared {
  const { dev, ino } = statSync(file, { bigint: true })
  const inode = `${dev}:${ino}`
  const shared = open.get(inode) ?? { inode, descriptor: openSync(file, 'r'), users: 0 }
  shared.users += 1
  open.set(inode, shared)
  return shared
}

/**
 * NOTE: closing any descriptor of the file drops every lock that SQLite holds there for this process (POSIX, fcntl).
 * The last connection removes the file: as long as it has a name, its descriptor is kept, for whoever opens it next.
 */
function release(shared: Shared): void {
  shared.users -= 1
  if (shared.users > 0 || fstatSync(shared.descriptor).nlink > 0) return
  open.delete(shared.inode)
  closeSync(shared.descriptor)
}
