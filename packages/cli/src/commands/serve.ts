import cluster from 'node:cluster'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import type { Config, RunningServer, Services } from '@latchkey/server'
import type { Command } from 'commander'
import { assertKeyDeliverable, makeAdminKey } from '../first-start.ts'
import { exitWithoutReaders } from '../print.ts'
import { describeSettings } from '../settings-help.ts'
import { type StopSignal, untilToldToStop } from '../stop-signals.ts'
import { failedFirstStart, welcome, welcomeBack } from '../welcome.ts'
import { announceWorker, runWorkers } from '../workers.ts'

/** Requests in flight get this long after Ctrl-C, in milliseconds. */
const STOP_MS_MAX = 20_000

export function registerServe(program: Command): void {
  program
    .command('serve')
    .description('Start the service. The first start makes the store, the server secret and an admin key.')
    .showHelpAfterError('(settings come from the environment: PORT=8080 latchkey serve; --help lists them)')
    .addHelpText('after', describeSettings)
    .action(serve)
}

async function serve(): Promise<void> {
  const { assertPortFree, createServices, readConfig } = await import('@latchkey/server')
  const { config, secretSource } = readConfig()
  // Workers share the port that their parent holds, and the store that it has made.
  if (!cluster.isWorker) {
    await assertPortFree(config)
    await assertKeyDeliverable(config, secretSource)
  }
  const services = await createServices(config, secretSource)
  if (cluster.isWorker) return serveAsWorker(services)
  const count = config.workers === 'auto' ? availableParallelism() : config.workers
  return count === 1 ? serveAlone(services) : serveWithWorkers(services, count)
}

async function serveAlone(services: Services): Promise<void> {
  let stopping!: Promise<StopSignal>
  const server = await startFirst(services, () => {
    // Before anybody is told that it is ready, and may tell it to stop.
    stopping = untilToldToStop()
    return startOrDispose(services, { isAlone: true })
  })
  await stop(server, services, await stopping)
  process.stdout.write('Stopped. Everything acknowledged is stored.\n')
  await exitWithoutReaders(0)
}

async function serveAsWorker(services: Services): Promise<void> {
  const stopping = untilToldToStop()
  const server = await startOrDispose(services, { isAlone: false })
  announceWorker(server.url)
  await stop(server, services, await stopping)
  process.disconnect()
  await exitWithoutReaders(0)
}

/** This process prepares the store, and then only watches over those that serve. */
async function serveWithWorkers(services: Services, count: number): Promise<void> {
  const workers = await startFirst(services, async () => {
    await services.dispose()
    const { answerWorkersMetrics } = await import('@latchkey/server')
    answerWorkersMetrics()
    return runWorkers(count)
  })
  await workers.untilStopped()
  process.stdout.write('Stopped. Everything acknowledged is stored.\n')
  await exitWithoutReaders(0)
}

async function startOrDispose(
  services: Services,
  options: { readonly isAlone: boolean },
): Promise<RunningServer> {
  const { startServer } = await import('@latchkey/server')
  try {
    return await startServer(services, options)
  } catch (error) {
    await services.dispose()
    throw error
  }
}

/** Makes the admin key on an empty store, starts, and prints what a person needs to know then. */
async function startFirst<Started extends { readonly url: string }>(
  services: Services,
  start: () => Promise<Started>,
): Promise<Started> {
  const { config } = services
  const keyText = await prepareStore(services).catch(async (error: unknown) => {
    await services.dispose()
    throw error
  })
  const started = await start().catch((error: unknown) => {
    // The store has it now, and no later start will show it.
    if (keyText !== undefined) process.stdout.write(failedFirstStart(keyText))
    throw error
  })
  const place = { url: config.publicUrl ?? started.url, store: describeStore(services) }
  process.stdout.write(keyText === undefined ? welcomeBack(place) : welcome({ ...place, keyText }))
  return started
}

/** Brings what an older release made up to date, and makes the admin key on an empty store: answers how it is read. */
async function prepareStore(services: Services): Promise<string | undefined> {
  const { sealOlderStore } = await import('@latchkey/server')
  await sealOlderStore(services)
  return makeAdminKey(services)
}

function describeStore({ engine, config }: { engine: Services['engine']; config: Config }): string {
  return engine.store === 'sqlite'
    ? `${resolve(config.dataDir)}  (back it up whole: latchkey.db and server.secret belong together)`
    : `${engine.place}  (back it up with its own tools; keep the server secret elsewhere)`
}

async function stop(server: RunningServer, services: Services, signal: StopSignal): Promise<void> {
  // Whoever presses Ctrl-C waits for it; a supervisor has told, or will tell, a balancer.
  const isDrained = signal === 'SIGTERM' && services.config.drainSeconds > 0
  services.events.stopping({ signal, drainSeconds: isDrained ? services.config.drainSeconds : 0 })
  if (isDrained) await server.drain()
  const timer = setTimeout(() => process.exit(1), STOP_MS_MAX)
  await server.stop()
  clearTimeout(timer)
}
