import { AppError } from '@latchkey/core/error'
import type { Db } from '../tables/schema.ts'
import { openSqliteConnection, type SqliteConnection } from './connection.ts'

/** Snapshots open at once. Only a deep list page holds one for longer than a few statements. */
const READERS_MAX = 8
/** Reads waiting for a snapshot at once: beyond it, refuse at once. */
const WAITING_MAX = 5_000

export type SqliteReaders = {
  read<T>(work: (db: Db) => Promise<T>): Promise<T>
  close(): void
}

/** Read-only connections, one for each snapshot in use, opened when first needed. */
export function createSqliteReaders(file: string): SqliteReaders {
  const idle: SqliteConnection[] = []
  const all: SqliteConnection[] = []
  const waiting: ((connection: SqliteConnection) => void)[] = []

  async function acquire(): Promise<SqliteConnection> {
    const free = idle.pop()
    if (free !== undefined) return free
    if (all.length < READERS_MAX) {
      const opened = openSqliteConnection(file, { isReadOnly: true })
      all.push(opened)
      return opened
    }
    if (waiting.length >= WAITING_MAX) {
      throw new AppError('unavailable', 'Too many reads are waiting: try again in a moment.', {
        retryAfterSeconds: 1,
      })
    }
    return new Promise((resolve) => waiting.push(resolve))
  }

  function release(connection: SqliteConnection): void {
    const next = waiting.shift()
    if (next === undefined) idle.push(connection)
    else next(connection)
  }

  return {
    async read(work) {
      const connection = await acquire()
      try {
        connection.exec('BEGIN')
        try {
          return await work(connection.db)
        } finally {
          if (connection.database.isTransaction) connection.exec('COMMIT')
        }
      } finally {
        release(connection)
      }
    },
    close() {
      for (const { database } of all.splice(0)) database.close()
    },
  }
}
