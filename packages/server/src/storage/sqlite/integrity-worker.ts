import { parentPort, workerData } from 'node:worker_threads'
import { openForInspection } from './inspection.ts'

/** More lines say no more: one is enough to act on. */
const LINES_MAX = 20

const database = openForInspection(String(workerData))
const lines = database
  .prepare(`PRAGMA integrity_check(${LINES_MAX})`)
  .all()
  .map((row) => String(row.integrity_check))
database.close()
parentPort?.postMessage(lines.filter((line) => line !== 'ok'))
