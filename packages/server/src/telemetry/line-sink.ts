import type { Writable } from 'node:stream'

/** Bytes that are kept for a reader that stands still: some 10,000 lines. */
export const WAITING_BYTES_MAX = 4 * 1024 * 1024

/**
 * Writes lines to a stream whose reader may be slow, stand still or be gone. Nothing waits for a log: lines beyond what
 * is kept are left out, and when the reader goes on a line says how many.
 */
export function createLineSink(stream: Pick<Writable, 'write' | 'writableLength'>): (line: string) => void {
  let lost = 0
  return (line) => {
    if (stream.writableLength > WAITING_BYTES_MAX) {
      lost += 1
      return
    }
    if (lost > 0) stream.write(lostLine(lost))
    lost = 0
    stream.write(line)
  }
}

const lostLine = (lines: number): string =>
  `${JSON.stringify({
    level: 'warn',
    time: new Date().toISOString(),
    event: 'log_lost',
    lines,
    msg: 'nobody read the log: lines were left out',
  })}\n`
