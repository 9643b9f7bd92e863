/** A line every so often. Milliseconds. */
const REPORT_EVERY_MS = 10_000

/** Tells how far something is, and when it will be done if it goes on as it went. */
export function createProgress(what: string, total: number): (done: number, note: string) => void {
  const beganMs = performance.now()
  let reportedMs = beganMs
  return (done, note) => {
    const nowMs = performance.now()
    if (done < total && nowMs - reportedMs < REPORT_EVERY_MS) return
    reportedMs = nowMs
    const leftS = Math.round(((nowMs - beganMs) / done / 1_000) * (total - done))
    const left = done === total ? `${Math.round((nowMs - beganMs) / 1_000)} s` : `about ${leftS} s left`
    console.log([`${what}: ${done} of ${total}`, note, left].filter((part) => part !== '').join(', '))
  }
}
