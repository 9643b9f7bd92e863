import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

/** Brings the log into the file whenever it is told to, and says when it is done. */
const database = new DatabaseSync(String(workerData))
const checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')

parentPort?.on('message', () => {
  try {
    checkpoint.get()
  } catch {
    // A disk that is full or fails: the log keeps what it has, and is brought there after a transaction to come. One that
    // the disk does not take tells whoever wrote it.
  }
  parentPort?.postMessage('done')
})
