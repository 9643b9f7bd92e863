import { resolve } from 'node:path'
import type { Config, RunningServer, Services } from '@latchkey/server'
import { consoleLine, prepareConsoleLink } from './console-line.ts'
import { makeAdminKey } from './first-start.ts'
import type { StopSignal } from './stop-signals.ts'
import { failedFirstStart, welcome, welcomeBack } from './welcome.ts'

/** Requests in flight get this long after a signal, in milliseconds. */
const STOP_MS_MAX = 20_000
/** Whoever waits longer for the end is told what for. */
const SILENT_MS_MAX = 300

export type Started = {
  /** Where it listens. */
  readonly url: string
  /** Why it cannot do its work, although it listens. */
  readonly unready: string | undefined
}

/** Makes the admin key on an empty store, starts, and prints what a person needs to know then. */
export async function startFirst<T extends Started>(services: Services, start: () => Promise<T>): Promise<T> {
  const { config } = services
  const keyText = await prepareStore(services).catch(async (error: unknown) => {
    await services.dispose()
    throw error
  })
  const link = await prepareConsoleLink(services, keyText !== undefined)
  const started = await start().catch((error: unknown) => {
    // The store has it now, and no later start will show it.
    if (keyText !== undefined) process.stdout.write(failedFirstStart(keyText))
    throw error
  })
  const url = config.publicUrl ?? started.url
  const place = {
    url,
    ownUrl: started.url,
    store: describeStore(services),
    unready: started.unready,
    console: await consoleLine(link, url, config),
  }
  process.stdout.write(keyText === undefined ? welcomeBack(place) : welcome({ ...place, keyText }))
  return started
}

/** Brings what an older release made up to date, and makes the admin key on an empty store: answers how it is read. */
async function prepareStore(services: Services): Promise<string | undefined> {
  const { noteKeyPrefix, sealOlderStore } = await import('@latchkey/server')
  await sealOlderStore(services)
  await noteKeyPrefix(services)
  return makeAdminKey(services)
}

function describeStore({ engine, config }: { engine: Services['engine']; config: Config }): string {
  return engine.store === 'sqlite'
    ? `${resolve(config.dataDir)}  (back it up whole: latchkey.db and server.secret belong together)`
    : `${engine.place}  (back it up with its own tools; keep the server secret elsewhere)`
}

/** How long it still serves after this signal: whoever presses Ctrl-C waits for the end, nobody for a balancer. */
const drainSecondsAfter = (signal: StopSignal, { drainSeconds }: Pick<Config, 'drainSeconds'>): number =>
  signal === 'SIGTERM' ? drainSeconds : 0

/** From being told to the end of a process that can still tell the time, in milliseconds. */
export const stopMsMaxAfter = (signal: StopSignal, config: Pick<Config, 'drainSeconds'>): number =>
  drainSecondsAfter(signal, config) * 1_000 + STOP_MS_MAX

export async function stopServer(server: RunningServer, { config, events }: Services, signal: StopSignal) {
  const drainSeconds = drainSecondsAfter(signal, config)
  events.stopping({ signal, drainSeconds })
  if (drainSeconds > 0) await server.drain()
  const timer = setTimeout(() => process.exit(1), STOP_MS_MAX)
  await server.stop()
  clearTimeout(timer)
}

/** Tells whoever is at the terminal what the end waits for. Answers when `work` is done. */
export async function narrateStop(
  signal: StopSignal,
  config: Pick<Config, 'drainSeconds'>,
  work: Promise<void>,
): Promise<void> {
  const drainSeconds = drainSecondsAfter(signal, config)
  const what =
    drainSeconds > 0
      ? `Stopping: it serves for ${drainSeconds} s more (LATCHKEY_DRAIN_SECONDS).`
      : 'Stopping: what is under way is answered first.'
  const timer = setTimeout(() => process.stdout.write(`${what} Ctrl-C ends it at once.\n`), SILENT_MS_MAX)
  await work.finally(() => clearTimeout(timer))
  process.stdout.write('Stopped. Everything acknowledged is stored.\n')
}
