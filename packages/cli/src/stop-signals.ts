const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** What told this process to stop. */
export type StopSignal = (typeof SIGNALS)[number]

/**
 * One Ctrl-C may arrive more than once: from the terminal, and from npm or a parent process that passes it on. A
 * person who means it needs longer for the second. Milliseconds.
 */
const SAME_STOP_MS_MAX = 500
const EXIT_CODE_AT_ONCE = 130

/**
 * Resolves with the first signal to stop, also one that the parent of a worker passes on. A Ctrl-C that comes later
 * ends the process at once. A later SIGTERM does not: systemd and others send it to every process of a service.
 */
export function untilToldToStop(): Promise<StopSignal> {
  return new Promise((resolve) => {
    let firstAtMs: number | undefined
    const told = (signal: StopSignal) => {
      firstAtMs ??= performance.now()
      resolve(signal)
    }
    process.on('SIGTERM', () => told('SIGTERM'))
    process.on('SIGINT', () => {
      told('SIGINT')
      if (performance.now() - firstAtMs! > SAME_STOP_MS_MAX) process.exit(EXIT_CODE_AT_ONCE)
    })
    process.on('message', (message) => {
      const signal = SIGNALS.find((known) => known === (message as PassedOn | undefined)?.stop)
      if (signal !== undefined) told(signal)
    })
  })
}

type PassedOn = { readonly stop?: unknown }

/** What a parent sends to a worker: a signal would count as a second Ctrl-C beside the one from the terminal. */
export const passedOn = (signal: StopSignal): PassedOn => ({ stop: signal })
