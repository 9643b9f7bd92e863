import { parentPort, workerData } from 'node:worker_threads'
import { findKeyBegins, findNewestMs, findUsageExtent } from '../storage/sqlite/inspection.ts'
import { diagnoseClock } from './clock.ts'
import { diagnoseDatabase, diagnoseIntegrity } from './database.ts'
import { type Finding, fine } from './finding.ts'
import { diagnoseKeyPrefix } from './key-prefix.ts'
import { ask, inspectStore, type StoreState } from './store-state.ts'
import { diagnoseUsage } from './usage.ts'

/** What the thread is told: the store, and how much of it may be read. */
export type StoreLook = {
  readonly file: string
  /** Of the clock of the service from that of the machine, which only tests set. Milliseconds. */
  readonly clockOffsetMs: number
  readonly usageDays: number
  readonly keyPrefix: string
  /** A larger one is not read through. */
  readonly readBytesMax: number
}

/** Tells what it finds, one finding after the other, and ends. */
const look = workerData as StoreLook
const store = inspectStore(look.file)
try {
  for await (const finding of findingsOf(store)) parentPort?.postMessage(finding)
} finally {
  if (store.kind === 'open') store.database.close()
}

async function* findingsOf(found: StoreState): AsyncGenerator<Finding> {
  yield diagnoseClock(ask(found, findNewestMs), Date.now() + look.clockOffsetMs)
  yield* diagnoseDatabase(found)
  const usage = ask(found, findUsageExtent)
  if (usage !== undefined) yield diagnoseUsage(usage, look.usageDays)
  if (found.kind !== 'open') return
  if (found.bytes <= look.readBytesMax) {
    const prefix = diagnoseKeyPrefix(ask(found, findKeyBegins) ?? [], look.keyPrefix)
    if (prefix !== undefined) yield prefix
    yield* diagnoseIntegrity(found, () => {})
  } else
    yield fine('integrity', 'too large to be read through beside the service: npx latchkey doctor does it')
}
