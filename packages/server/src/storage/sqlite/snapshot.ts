import type { DatabaseSync } from 'node:sqlite'

/** A snapshot that several reads of one connection share: its locks are two system calls for each that has its own. */
export type Snapshot = {
  /** What is read while `work` runs, which waits for nothing, is read from one snapshot unless one of them leaves it. */
  share(work: () => void): void
  /** Before a read that may see what was there when the first of them began: all of them came before that. */
  join(): void
  /** Before a read that has to see what is there now; and whoever joins after it sees that, too. */
  leave(): void
}

export function createSnapshot(database: DatabaseSync): Snapshot {
  const begin = database.prepare('BEGIN')
  const commit = database.prepare('COMMIT')
  let isShared = false
  let isOpen = false

  function leave(): void {
    if (!isOpen) return
    isOpen = false
    // A read that met a fault of the disk has ended it by itself.
    if (database.isTransaction) commit.run()
  }

  return {
    share(work) {
      isShared = true
      try {
        work()
      } finally {
        isShared = false
        leave()
      }
    },
    join() {
      if (!isShared || isOpen) return
      begin.run()
      isOpen = true
    },
    leave,
  }
}
