/**
 * Loaded before the service (node --import): tells how long its event loop was held at most. SIGUSR2 begins, and the
 * next one ends and prints; in between the loop spins, so that each of its turns is seen. Of a turn in which another
 * program was given the processor only the loop's own time counts: how long that took is not the service's affair.
 */
let isMeasuring = false
let longestMs = 0
let began = moment()

process.on('SIGUSR2', () => {
  isMeasuring = !isMeasuring
  if (!isMeasuring) {
    process.stdout.write(`longest turn ${longestMs.toFixed(3)} ms\n`)
    return
  }
  longestMs = 0
  began = moment()
  process.stdout.write('watching turns\n')
  setImmediate(turn)
})

function turn(): void {
  const now = moment()
  const wasAlone = now.switches === began.switches
  longestMs = Math.max(longestMs, wasAlone ? now.atMs - began.atMs : now.ownMs - began.ownMs)
  began = moment()
  if (isMeasuring) setImmediate(turn)
}

/** By the clock; the time this thread had the processor; how often it was taken away. */
function moment() {
  const { user, system } = process.threadCpuUsage()
  const { involuntaryContextSwitches: switches } = process.resourceUsage()
  return { atMs: performance.now(), ownMs: (user + system) / 1_000, switches }
}
