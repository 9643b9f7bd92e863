/**
 * Loaded before the service (node --import): tells how long its event loop was held at most. SIGUSR2 begins, and the
 * next one ends and prints; in between the loop spins, so that each of its turns is seen.
 */
let isMeasuring = false
let turnBeganAtMs = 0
let longestMs = 0

process.on('SIGUSR2', () => {
  isMeasuring = !isMeasuring
  if (!isMeasuring) {
    process.stdout.write(`longest turn ${longestMs.toFixed(3)} ms\n`)
    return
  }
  longestMs = 0
  turnBeganAtMs = performance.now()
  process.stdout.write('watching turns\n')
  setImmediate(turn)
})

function turn(): void {
  const nowMs = performance.now()
  longestMs = Math.max(longestMs, nowMs - turnBeganAtMs)
  turnBeganAtMs = nowMs
  if (isMeasuring) setImmediate(turn)
}
