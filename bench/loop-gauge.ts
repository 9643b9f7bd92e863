import { openSync, readSync } from 'node:fs'

/**
 * Loaded before the service (node --import): tells how long its event loop was held at most. SIGUSR2 begins, and the
 * next one ends and prints; in between the loop spins, so that each of its turns is seen. What a turn waited for the
 * processor, because other programs had it, is taken off: that is not the service's affair. What it waited for the disk
 * is not.
 */
let isMeasuring = false
let longestMs = 0
/** Of the first thread, which is the loop's: nanoseconds on the processor, waiting for it, and how often (Linux). */
const schedule = openSync('/proc/self/schedstat', 'r')
const text = Buffer.alloc(100)
let began = moment()

process.on('SIGUSR2', () => {
  isMeasuring = !isMeasuring
  if (!isMeasuring) {
    // The answer may have been written in this very turn.
    note()
    process.stdout.write(`longest turn ${longestMs.toFixed(3)} ms\n`)
    return
  }
  longestMs = 0
  began = moment()
  process.stdout.write('watching turns\n')
  setImmediate(turn)
})

function turn(): void {
  note()
  if (isMeasuring) setImmediate(turn)
}

function note(): void {
  const now = moment()
  longestMs = Math.max(longestMs, now.atMs - began.atMs - (now.waitedMs - began.waitedMs))
  began = now
}

function moment() {
  const [, waitedNs] = text.toString('latin1', 0, readSync(schedule, text, 0, text.length, 0)).split(' ')
  return { atMs: performance.now(), waitedMs: Number(waitedNs) / 1_000_000 }
}
