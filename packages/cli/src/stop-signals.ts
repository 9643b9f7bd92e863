const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/**
 * One Ctrl-C may arrive more than once: from the terminal, and from npm or a parent process that passes it on. A
 * person who means it needs longer for the second. Milliseconds.
 */
const SAME_STOP_MS_MAX = 500
const EXIT_CODE_AT_ONCE = 130

/** Resolves with the first signal to stop. One that comes later ends the process at once. */
export function untilToldToStop(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let firstAtMs: number | undefined
    for (const name of SIGNALS) {
      process.on(name, () => {
        const nowMs = performance.now()
        firstAtMs ??= nowMs
        resolve(name)
        if (nowMs - firstAtMs > SAME_STOP_MS_MAX) process.exit(EXIT_CODE_AT_ONCE)
      })
    }
  })
}
