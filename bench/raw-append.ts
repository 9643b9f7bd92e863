import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** About what one create leaves in the write-ahead log: a page. */
const RECORD_BYTES = 4_096

/** The least a durable write can be: append to a file, fdatasync, one after the other. Writes a second. */
export function rawAppendsPerSecond(directory: string, durationMs: number): number {
  const file = openSync(join(directory, 'raw-append'), 'w')
  const record = Buffer.alloc(RECORD_BYTES, 0x61)
  const startedAtMs = performance.now()
  let written = 0
  let elapsedMs = 0
  while (elapsedMs < durationMs) {
    writeSync(file, record)
    fdatasyncSync(file)
    written += 1
    elapsedMs = performance.now() - startedAtMs
  }
  closeSync(file)
  return (written / elapsedMs) * 1_000
}
