import { isatty } from 'node:tty'
import type { Starter } from './starter.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP', 'starter gone'] as const

/** What told this process to stop: a signal, or that the npm which started it has ended. */
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
export function untilToldToStop(starter?: Starter): Promise<StopSignal> {
  return new Promise((resolve) => {
    let firstAtMs: number | undefined
    const told = (signal: StopSignal) => {
      firstAtMs ??= performance.now()
      resolve(signal)
    }
    process.on('SIGTERM', () => told('SIGTERM'))
    // Others stop in order at it. Left to itself it leaves a dump of the memory, server secret and all.
    process.on('SIGQUIT', () => told('SIGQUIT'))
    process.on('SIGINT', () => {
      told('SIGINT')
      if (performance.now() - firstAtMs! > SAME_STOP_MS_MAX) process.exit(EXIT_CODE_AT_ONCE)
    })
    starter?.gone.then(() => told('starter gone'))
    const isAtTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor))
    process.on('SIGHUP', () => {
      // The terminal was closed. Without one (nohup leaves none, and Node undoes what nohup does) it is to stay.
      if (isAtTerminal) told('SIGHUP')
      else starter?.forget()
    })
    process.on('message', (message) => {
      const signal = SIGNALS.find((known) => known === (message as PassedOn | undefined)?.stop)
      if (signal !== undefined) told(signal)
    })
  })
}

/**
 * What rotates logs and watches over processes sends these. Left to itself the first opens a debugger, through which
 * every user of the machine could read the server secret, and the others end the process.
 */
export function ignoreStraySignals(): void {
  // There are none of them.
  if (process.platform === 'win32') return
  for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGALRM'] as const) process.on(signal, () => {})
}

type PassedOn = { readonly stop?: unknown }

/** What a parent sends to a worker: a signal would count as a second Ctrl-C beside the one from the terminal. */
export const passedOn = (signal: StopSignal): PassedOn => ({ stop: signal })
