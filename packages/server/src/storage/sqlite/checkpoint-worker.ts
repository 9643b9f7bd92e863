import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

/** Brings the log into the file whenever it is told to, and says when it is done. */
const database = new DatabaseSync(String(workerData))
const checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')

parentPort?.on('message', () => {
  // What is in its way, such as another process that does the same, is told in its answer, which nobody needs.
  checkpoint.get()
  parentPort?.postMessage('done')
})
